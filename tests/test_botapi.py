"""The test server itself: without this, a conversation that passes proves nothing.

Called with urllib, so that no client library smooths anything over, and once with python-telegram-bot, whose
objects refuse what is not shaped like Telegram's.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import RemoteDisconnected
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import telegram

from tests.botapi import BotApi, Kind, User

Answer = tuple[int, Any]
YES_NO = {"inline_keyboard": [[{"text": "Ja", "callback_data": "j"}, {"text": "Nej", "callback_data": "n"}]]}


class Bot:
    """The bot's side of the wire: one JSON call, its status and its body."""

    def __init__(self, api: BotApi) -> None:
        self.root = f"{api.base_url}{api.token}"
        self.threads = ThreadPoolExecutor(4)

    def __call__(self, method: str, **params: Any) -> Answer:
        return self.post(method, json.dumps(params).encode(), "application/json")

    def post(self, method: str, body: bytes, content_type: str) -> Answer:
        request = urllib.request.Request(f"{self.root}/{method}", body, {"Content-Type": content_type})
        return self.opened(request)

    def opened(self, request: urllib.request.Request | str) -> Answer:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            body = error.read()
            is_json = error.headers["Content-Type"].startswith("application/json")
            return error.code, json.loads(body) if is_json else body.decode()

    def result(self, method: str, **params: Any) -> Any:
        status, body = self(method, **params)
        assert status == 200, body
        return body["result"]

    def refusal(self, method: str, **params: Any) -> str:
        status, body = self(method, **params)
        assert (status, body["ok"], body["error_code"]) == (400, False, 400), body
        return str(body["description"])

    def ids(self, **params: Any) -> list[int]:
        return [update["update_id"] for update in self.result("getUpdates", **params)]

    def later(self, method: str, **params: Any) -> Future[Answer]:
        return self.threads.submit(self, method, **params)


@pytest.fixture
def api() -> Iterator[BotApi]:
    with BotApi.serving() as served:
        yield served


@pytest.fixture
def bot(api: BotApi) -> Iterator[Bot]:
    made = Bot(api)
    with made.threads:
        yield made


@pytest.fixture
def user(api: BotApi) -> User:
    """A person who has started the bot; that update is out of the way."""
    person = api.user(7)
    started = person.says("/start")
    with urllib.request.urlopen(f"{api.base_url}{api.token}/getUpdates?offset={started + 1}") as answer:
        answer.read()
    return person


# Updates


def test_an_update_is_delivered_until_a_higher_offset_confirms_it(api: BotApi, bot: Bot, user: User) -> None:
    first, second = user.says("ett"), user.says("två")
    assert bot.ids() == [first, second]
    assert bot.ids(offset=first) == [first, second]
    assert not api.confirmed(first)
    assert bot.ids(offset=second) == [second]
    assert (api.confirmed(first), api.confirmed(second)) == (True, False)
    assert bot.ids() == [second], "what is confirmed is gone, also for a lower offset"
    assert (api.deliveries(first), api.deliveries(second), api.pending()) == (2, 4, [second])
    assert bot.ids(offset=second + 1) == []
    assert api.pending() == []


def test_a_negative_offset_keeps_only_the_newest(bot: Bot, user: User) -> None:
    updates = [user.says(str(n)) for n in range(5)]
    assert bot.ids(offset=-2) == updates[-2:]
    assert bot.ids() == updates[-2:]


def test_limit_cuts_a_batch(bot: Bot, user: User) -> None:
    updates = [user.says(str(n)) for n in range(5)]
    assert bot.ids(limit=2) == updates[:2]
    assert bot.ids(limit=0) == updates[:1], "the least is one"


def test_a_long_poll_returns_as_soon_as_there_is_something(bot: Bot, user: User) -> None:
    poll = bot.later("getUpdates", timeout=30)
    with pytest.raises(TimeoutError):
        poll.result(0.1)
    said = user.says("hej")
    began = time.monotonic()
    status, body = poll.result(5)
    assert (status, [update["update_id"] for update in body["result"]]) == (200, [said])
    assert time.monotonic() - began < 1


def test_a_long_poll_ends_empty(bot: Bot) -> None:
    began = time.monotonic()
    assert bot.ids(timeout=0.2) == []
    assert 0.2 <= time.monotonic() - began < 2


def test_the_older_of_two_polls_is_told_so(api: BotApi, bot: Bot, user: User) -> None:
    older = bot.later("getUpdates", timeout=30)
    api.wait_until(lambda: len(api.calls_of("getUpdates")) == 2)
    newer = bot.later("getUpdates", timeout=30)
    status, body = older.result(5)
    assert status == body["error_code"] == 409
    assert body["description"].startswith("Conflict: terminated by other getUpdates request")
    said = user.says("hej")
    assert newer.result(5)[1]["result"][0]["update_id"] == said


def test_an_update_can_be_delivered_again_after_it_was_confirmed(bot: Bot, api: BotApi, user: User) -> None:
    first, second = user.says("ett"), user.says("två")
    assert bot.ids() == [first, second]
    assert bot.ids(offset=second + 1) == []
    third = user.says("tre")
    api.redeliver(first)
    assert bot.ids(offset=second + 1) == [first, third], "with its own number, whatever the offset"
    assert bot.ids(offset=third) == [third], "and then forgotten as any other"


def test_a_redelivery_wakes_a_waiting_poll(bot: Bot, api: BotApi, user: User) -> None:
    said = user.says("ett")
    assert bot.ids(offset=said) == [said]
    poll = bot.later("getUpdates", offset=said + 1, timeout=30)
    api.wait_until(lambda: api.confirmed(said))
    api.redeliver(said)
    assert poll.result(5)[1]["result"][0]["message"]["text"] == "ett"


def test_update_ids_may_start_anew_lower(bot: Bot, api: BotApi, user: User) -> None:
    """After a quiet week Telegram draws a new number; a bot that only looks for higher ones goes deaf."""
    old = user.says("ett")
    assert bot.ids(offset=old + 1) == []
    api.renumber(1000)
    assert user.says("två") == 1000
    assert bot.ids(offset=old + 1) == [1000], "an offset from another row of numbers confirms nothing"
    assert bot.ids(offset=1001) == []


def test_kinds_that_the_bot_does_not_ask_for_are_not_sent(bot: Bot, user: User) -> None:
    user.says("hej")
    assert len(bot.ids(allowed_updates=["message"])) == 1
    assert user.edits("hej då") == 0
    assert len(bot.ids()) == 1, "the list is kept when it is not repeated"
    assert bot.result("getUpdates", allowed_updates=[])[0]["message"]["text"] == "hej"
    edited = user.edits("hej hej")
    assert bot.result("getUpdates", offset=edited)[0]["edited_message"]["text"] == "hej hej"


def test_message_ids_begin_alike_in_every_chat(api: BotApi, bot: Bot) -> None:
    for person in (7, 8):
        api.user(person).says("/start")
        assert bot.result("sendMessage", chat_id=person, text="Hej")["message_id"] == 2


# What the bot sends


def test_the_chat_is_what_the_calls_made_it(api: BotApi, bot: Bot, user: User) -> None:
    sent = bot.result("sendMessage", chat_id=7, text=" Fråga? \n", reply_markup=YES_NO, protect_content=True)
    assert sent["text"] == "Fråga?", "Telegram trims the ends"
    assert (user.screen().rows, user.screen().protected) == ([["Ja", "Nej"]], True)
    edited = bot.result("editMessageText", chat_id=7, message_id=sent["message_id"], text="Klart")
    assert "reply_markup" not in edited
    assert (user.screen().text, user.screen().labels, user.screen().edits) == ("Klart", [], 1)
    bot.result("editMessageReplyMarkup", chat_id=7, message_id=sent["message_id"], reply_markup=YES_NO)
    assert (user.screen().text, user.screen().labels, user.screen().edits) == ("Klart", ["Ja", "Nej"], 2)
    bot.result("pinChatMessage", chat_id=7, message_id=sent["message_id"])
    assert user.screen().pinned
    bot.result("deleteMessage", chat_id=7, message_id=sent["message_id"])
    assert [message.text for message in user.messages()] == ["/start"]
    assert user.messages(deleted=True)[-1].deleted
    with pytest.raises(LookupError):
        user.screen()
    assert api.refused == []


@pytest.mark.parametrize("change", ["editMessageText", "editMessageReplyMarkup"])
def test_an_edit_that_changes_nothing_is_refused(bot: Bot, user: User, change: str) -> None:
    sent = bot.result("sendMessage", chat_id=7, text="<b>Hej</b>", parse_mode="HTML", reply_markup=YES_NO)
    same = {"text": "<b>Hej</b>", "parse_mode": "HTML"} if change == "editMessageText" else {}
    refusal = bot.refusal(change, chat_id=7, message_id=sent["message_id"], reply_markup=YES_NO, **same)
    assert refusal.startswith("Bad Request: message is not modified: specified new message content")
    bot.result(change, chat_id=7, message_id=sent["message_id"], **same)
    assert user.screen().edits == 1, "without the keyboard it is a change"


@pytest.mark.usefixtures("user")
def test_html_is_read_and_counted_in_utf16(bot: Bot) -> None:
    sent = bot.result("sendMessage", chat_id=7, text="\n 😀 <b>a &lt; b</b>", parse_mode="HTML")
    assert sent["text"] == "😀 a < b"
    assert sent["entities"] == [{"type": "bold", "offset": 3, "length": 5}]
    for wrong in ("a < b", "<b>a", "a</b>", "<font>a</font>"):
        assert "can't parse entities" in bot.refusal("sendMessage", chat_id=7, text=wrong, parse_mode="HTML")


def message(**fields: Any) -> dict[str, Any]:
    return {"chat_id": 7, "message_id": 2, "text": "x", **fields}


def key(**button: Any) -> dict[str, Any]:
    return message(reply_markup={"inline_keyboard": [[{"text": "Knapp", **button}]]})


A_URL = "https://a.example"
COMMAND = {"command": "mote", "description": "Nytt möte"}

# method | the longest that is taken | the shortest that is not | Telegram's words for it
LIMITS = [
    ("sendMessage", message(text="å" * 4096), message(text="å" * 4097), "message is too long"),
    ("sendMessage", message(text="😀" * 2048), message(text="😀" * 2049), "message is too long"),
    ("sendMessage", message(), message(text=""), "message text is empty"),
    ("sendMessage", message(), message(text=" \n"), "text must be non-empty"),
    ("sendMessage", message(), message(chat_id=8), "chat not found"),
    ("sendMessage", message(), message(chat_id=None), "chat_id is empty"),
    ("sendMessage", message(), message(parse_mode="MarkdownV2"), "unsupported parse_mode"),
    ("sendMessage", key(callback_data="å" * 32), key(callback_data="å" * 32 + "x"), "BUTTON_DATA_INVALID"),
    ("sendMessage", key(url=A_URL), key(), "can't parse inline keyboard button: Text"),
    ("sendMessage", key(url=A_URL), key(url=A_URL, text=""), "can't parse inline keyboard button: Field"),
    ("sendMessage", key(url=A_URL, style="danger"), key(url=A_URL, style="pink"), "can't parse inline"),
    ("sendMessage", key(copy_text={"text": "å" * 256}), key(copy_text={"text": "å" * 257}), "BUTTON_COPY"),
    ("sendMessage", key(copy_text={"text": "å"}), key(copy_text={"text": ""}), "BUTTON_COPY"),
    ("sendMessage", key(url=A_URL), key(url=A_URL, copy_text={"text": "å"}), "can't parse inline keyboard button: ex"),
    ("sendMessage", key(web_app={"url": A_URL}), key(web_app={"url": "http://a"}), "inline keyboard butt"),
    ("editMessageText", message(), message(message_id=1), "message can't be edited"),
    ("editMessageText", message(), message(message_id=9), "message to edit not found"),
    ("editMessageText", message(), message(text="x" * 4097), "MESSAGE_TOO_LONG"),
    ("deleteMessage", message(message_id=1), message(message_id=9), "message to delete not found"),
    ("deleteMessage", message(), message(), "message to delete not found"),
    ("deleteMessage", message(), message(message_id=0), "message identifier is not specified"),
    ("deleteMessages", message(message_ids=[1, 2, 9]), message(message_ids=[1] * 101), "too many message"),
    ("deleteMessages", message(message_ids=[1]), message(message_ids=[]), "message identifiers are not"),
    ("sendChatAction", message(action="typing"), message(action=""), "wrong parameter action in request"),
    ("pinChatMessage", message(), message(message_id=9), "message to pin not found"),
    ("setMyCommands", {"commands": [COMMAND] * 100}, {"commands": [COMMAND] * 101}, "BOT_COMMANDS_TOO_MUCH"),
    ("setMyCommands", {"commands": [COMMAND]}, {"commands": [COMMAND | {"command": "möte"}]}, "BOT_COMMAND"),
]  # fmt: skip


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(("method", "good", "bad", "why"), LIMITS)
def test_limits(bot: Bot, method: str, good: dict[str, Any], bad: dict[str, Any], why: str) -> None:
    bot.result("sendMessage", chat_id=7, text="den som ändras")
    bot.result(method, **good)
    assert bot.refusal(method, **bad).startswith(f"Bad Request: {why}")


def test_what_is_older_than_48_hours_stays(api: BotApi, bot: Bot, user: User) -> None:
    texts = ("gammal", "ny", "nästan")
    old, new, almost = (bot.result("sendMessage", chat_id=7, text=text)["message_id"] for text in texts)
    api.age(7, old, 48.1)
    api.age(7, almost, 47.9)
    assert user.messages()[1].date < user.messages()[3].date < user.messages()[2].date
    bot.result("deleteMessage", chat_id=7, message_id=almost)
    gone_wrong = "Bad Request: message can't be deleted for everyone"
    assert bot.refusal("deleteMessage", chat_id=7, message_id=old) == gone_wrong
    assert bot.refusal("deleteMessages", chat_id=7, message_ids=[new, old]) == gone_wrong
    assert len(user.messages()) == 3, "one that may not be deleted stops the whole"
    bot.result("deleteMessages", chat_id=7, message_ids=[new, 999])
    assert [message.text for message in user.messages()] == ["/start", "gammal"]


@pytest.mark.parametrize("how", ["urlencoded", "multipart", "query"])
def test_parameters_come_in_any_form(api: BotApi, bot: Bot, user: User, how: str) -> None:
    fields = {"chat_id": "7", "text": "å & ä", "reply_markup": json.dumps(YES_NO), "protect_content": "true"}
    if how == "urlencoded":
        body = urllib.parse.urlencode(fields).encode()
        status, _ = bot.post("sendMessage", body, "application/x-www-form-urlencoded")
    elif how == "multipart":
        part = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
        body = "".join(part.format(*one) for one in fields.items()).encode() + b"--b--\r\n"
        status, _ = bot.post("sendMessage", body, "multipart/form-data; boundary=b")
    else:
        status, _ = bot.opened(f"{bot.root}/sendmessage?{urllib.parse.urlencode(fields)}")
    assert status == 200
    expected = {"chat_id": 7, "text": "å & ä", "reply_markup": YES_NO, "protect_content": True}
    assert api.calls_of("sendMessage") == [expected], "and are seen in their own types"
    assert (user.screen().text, user.screen().rows) == ("å & ä", [["Ja", "Nej"]])


def test_wrong_addresses(api: BotApi, bot: Bot) -> None:
    assert bot("sendMassage") == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found: method not found"},
    )
    status, body = bot.opened(f"{api.base_url}1:another/getMe")
    assert (status, body["description"]) == (401, "Unauthorized")
    assert bot.opened(f"http://127.0.0.1:{api.port}/")[0] == 404
    assert bot.post("getMe", b"{", "application/json")[0] == 400
    assert api.calls == []


# The person's side


def test_a_conversation(bot: Bot, user: User) -> None:
    said = user.says("/samtal")
    assert bot.result("getUpdates")[0]["message"]["entities"][0] == {
        "type": "bot_command",
        "offset": 0,
        "length": 7,
    }
    sent = bot.later("sendMessage", chat_id=7, text="Hölls samtalet?", reply_markup=YES_NO)
    assert user.wait().text == "Hölls samtalet?"
    assert sent.result()[0] == 200

    pressed = user.presses("Ja")
    query = bot.result("getUpdates", offset=said + 1)[0]["callback_query"]
    assert (query["data"], query["message"]["text"], query["from"]["id"]) == ("j", "Hölls samtalet?", 7)
    assert user.spinning() == [pressed]
    bot.result("answerCallbackQuery", callback_query_id=query["id"], text="Sparat")
    assert (user.wait_toast(), user.toasts(), user.spinning()) == ("Sparat", ["Sparat"], [])
    number = query["message"]["message_id"]
    bot.result("editMessageText", chat_id=7, message_id=number, text="Sparat: 3 av 5")
    bot.result("deleteMessage", chat_id=7, message_id=number - 1)
    assert user.wait(lambda message: message.deleted).text == "/samtal", "a predicate passes changes over"
    with pytest.raises(TimeoutError, match="Sparat: 3 av 5"):
        user.wait(timeout=0.01)
    assert user.settles().text == "Sparat: 3 av 5"
    with pytest.raises(LookupError, match="no button 'Ja'"):
        user.presses("Ja")


def test_only_changes_after_the_last_action_count(bot: Bot, user: User) -> None:
    bot.result("sendMessage", chat_id=7, text="Förra svaret")
    user.says("nästa")
    with pytest.raises(TimeoutError):
        user.wait(timeout=0.01)
    with pytest.raises(TimeoutError):
        user.settles(timeout=0.01)


def test_buttons_are_found_newest_first_by_label_or_pattern(bot: Bot, user: User) -> None:
    for data in ("gammal", "ny"):
        markup = {"inline_keyboard": [[{"text": "Ja, spara", "callback_data": data}]]}
        bot.result("sendMessage", chat_id=7, text=data, reply_markup=markup)
    bot.result("sendMessage", chat_id=7, text="sist", reply_markup=key(url=A_URL)["reply_markup"])
    user.presses("Ja, spara")
    user.presses(re.compile("spara"))
    assert [update["callback_query"]["data"] for update in bot.result("getUpdates")] == ["ny", "ny"]
    with pytest.raises(LookupError):
        user.presses("spara")
    with pytest.raises(LookupError, match="sends the bot nothing"):
        user.presses("Knapp")


def test_stale_forged_and_orphaned_presses(bot: Bot, user: User) -> None:
    sent = bot.result("sendMessage", chat_id=7, text="Ett", reply_markup=YES_NO)["message_id"]
    bot.result("editMessageText", chat_id=7, message_id=sent, text="Två")
    user.presses_old("Nej", sent)
    user.presses_data("något annat")
    user.removes_message(sent)
    user.presses_old("Ja", sent)
    with pytest.raises(LookupError):
        user.presses_old("Kanske", sent)
    stale, forged, orphaned = (update["callback_query"] for update in bot.result("getUpdates"))
    assert (stale["data"], stale["message"]["text"]) == ("n", "Två")
    assert (forged["data"], forged["message"]["message_id"]) == ("något annat", sent)
    assert (orphaned["data"], orphaned["message"]["date"]) == ("j", 0), "an InaccessibleMessage"
    again = bot.refusal("editMessageText", chat_id=7, message_id=sent, text="Tre")
    assert again == "Bad Request: message to edit not found"


@pytest.mark.parametrize("case", ["answered twice", "expired", "lenient"])
def test_a_press_is_answered_once_and_in_time(api: BotApi, bot: Bot, user: User, case: str) -> None:
    api.second_answer_fails = case != "lenient"
    user.presses_data("j")
    query = bot.result("getUpdates")[0]["callback_query"]["id"]
    if case == "expired":
        api.expire_queries()
    else:
        bot.result("answerCallbackQuery", callback_query_id=query, text="Klart")
    if case == "lenient":
        bot.result("answerCallbackQuery", callback_query_id=query, text="Igen")
    else:
        assert "query is too old" in bot.refusal("answerCallbackQuery", callback_query_id=query, text="Igen")
    assert user.toasts() == ([] if case == "expired" else ["Klart"])


def test_a_bot_that_is_blocked(api: BotApi, bot: Bot, user: User) -> None:
    sent = bot.result("sendMessage", chat_id=7, text="Hej")["message_id"]
    user.blocks_bot()
    assert bot.result("getUpdates")[0]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    for method, more in (("sendMessage", {}), ("editMessageText", {"message_id": sent})):
        status, body = bot(method, chat_id=7, text="Hallå", **more)
        assert (status, body["description"]) == (403, "Forbidden: bot was blocked by the user")
    assert [(one.method, one.code) for one in api.refused] == [("sendMessage", 403), ("editMessageText", 403)]
    user.unblocks()
    bot.result("sendMessage", chat_id=7, text="Hallå")


def test_a_group(api: BotApi, bot: Bot, user: User) -> None:
    user.says_in_group("/samtal@lots_test_bot", -100)
    message = bot.result("getUpdates")[0]["message"]
    assert (message["chat"]["id"], message["chat"]["type"], message["from"]["id"]) == (-100, "group", 7)
    bot.result("sendMessage", chat_id=-100, text="Skriv till mig i en privat chatt.")
    assert [one.from_bot for one in api.messages(-100)] == [False, True]
    assert bot.refusal("deleteMessage", chat_id=-100, message_id=1) == "Bad Request: message can't be deleted"
    assert [one.text for one in user.messages()] == ["/start"], "the private chat is another"


def test_the_menu_follows_the_narrowest_scope(bot: Bot, user: User) -> None:
    def commands(*names: str) -> list[dict[str, str]]:
        return [{"command": name, "description": "Beskrivning"} for name in names]

    assert user.menu() == []
    bot.result("setMyCommands", commands=commands("start"))
    bot.result("setMyCommands", commands=commands("samtal", "idag"), scope={"type": "chat", "chat_id": 7})
    assert user.menu() == ["samtal", "idag"]
    assert bot.result("getMyCommands") == commands("start")
    assert bot.refusal("setMyCommands", scope={"type": "chat", "chat_id": 8}) == "Bad Request: chat not found"
    bot.result("deleteMyCommands", scope={"type": "chat", "chat_id": 7})
    assert user.menu() == ["start"]


def test_what_the_bot_says_of_itself(bot: Bot) -> None:
    for method, field, longest in (
        ("MyName", "name", 64),
        ("MyDescription", "description", 512),
        ("MyShortDescription", "short_description", 120),
    ):
        bot.result(f"set{method}", **{field: "x" * longest})
        assert bot.result(f"get{method}") == {field: "x" * longest}
        bot.refusal(f"set{method}", **{field: "x" * (longest + 1)})


# Trouble


def test_a_status_fault_strikes_the_calls_it_was_made_for(api: BotApi, bot: Bot, user: User) -> None:
    fault = api.fault("sendMessage", "status", code=429, retry_after=3, count=2, when=lambda p: p["text"] == "a")
    bot.result("sendMessage", chat_id=7, text="b")
    for _ in range(2):
        status, body = bot("sendMessage", chat_id=7, text="a")
        assert (status, body["parameters"]) == (429, {"retry_after": 3})
        assert body["description"] == "Too Many Requests: retry after 3"
    bot.result("sendMessage", chat_id=7, text="a")
    assert (fault.hits, len(api.calls_of("sendMessage")), len(api.times_of("sendMessage"))) == (2, 4, 4)
    assert [message.text for message in user.messages()] == ["/start", "b", "a"]


def test_faults_of_the_server_and_of_a_gateway(api: BotApi, bot: Bot, user: User) -> None:
    api.fault("*", "status", code=500)
    assert bot("getMe") == (500, {"ok": False, "error_code": 500, "description": "Internal Server Error"})
    gateway = api.fault("getMe", "status", code=502, count=None)
    for _ in range(3):
        status, page = bot("getMe")
        assert (status, page[:6]) == (502, "<html>")
    gateway.remove()
    api.fault("sendMessage", "status", code=400, description="message thread not found")
    assert bot.refusal("sendMessage", chat_id=7, text="x") == "Bad Request: message thread not found"
    api.fault("getMe", "status")
    api.clear_faults()
    assert bot.result("getMe")["is_bot"] is True
    with pytest.raises(ValueError, match="getMee"):
        api.fault("getMee", "status")


@pytest.mark.parametrize(("action", "reached"), [("drop_before", False), ("drop_after", True)])
def test_a_dropped_connection(api: BotApi, bot: Bot, user: User, action: Any, reached: bool) -> None:
    api.fault("sendMessage", action)
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        bot("sendMessage", chat_id=7, text="Hej")
    assert [message.text for message in user.messages()] == (["/start", "Hej"] if reached else ["/start"])
    bot.result("sendMessage", chat_id=7, text="Igen")


def test_an_unanswered_poll_confirms_all_the_same(api: BotApi, bot: Bot, user: User) -> None:
    said = user.says("hej")
    api.fault("getUpdates", "drop_after", when=lambda params: params.get("offset") == said + 1)
    with pytest.raises((RemoteDisconnected, ConnectionResetError)):
        bot("getUpdates", offset=said + 1)
    assert api.confirmed(said)


def test_a_slow_call_does_not_hold_the_others(api: BotApi, bot: Bot, user: User) -> None:
    api.fault("sendMessage", "delay", seconds=0.3)
    began = time.monotonic()
    slow = bot.later("sendMessage", chat_id=7, text="långsam")
    api.wait_until(lambda: len(api.calls_of("sendMessage")) == 1)
    bot.result("sendMessage", chat_id=7, text="snabb")
    assert time.monotonic() - began < 0.3
    assert slow.result()[0] == 200
    assert [message.text for message in user.messages()] == ["/start", "snabb", "långsam"]


def test_a_hook_sees_each_call_and_can_cut_it_off(api: BotApi, bot: Bot, user: User) -> None:
    seen: list[tuple[str, str, int]] = []

    def hook(method: str, params: dict[str, Any], phase: str) -> object:
        seen.append((method, phase, len(user.messages())))
        return phase != params["text"]

    api.on_call(hook)
    bot.result("sendMessage", chat_id=7, text="hel")
    for cut in ("before", "after"):
        with pytest.raises((RemoteDisconnected, ConnectionResetError)):
            bot("sendMessage", chat_id=7, text=cut)
    assert seen == [
        ("sendMessage", *rest) for rest in (("before", 1), ("after", 2), ("before", 2), ("before", 2), ("after", 3))
    ]
    api.on_call(None)
    bot.result("getMe")
    assert len(seen) == 5


def test_a_mistake_in_a_hook_is_not_swallowed() -> None:
    def hook(method: str, params: dict[str, Any], phase: str) -> None:
        raise AssertionError(f"{method} was not to be called")

    with pytest.raises(AssertionError, match="getMe was not to be called"), BotApi.serving() as api:
        api.on_call(hook)
        assert Bot(api)("getMe")[0] == 500


def test_the_poll_of_a_killed_bot_takes_nothing(api: BotApi, bot: Bot, user: User) -> None:
    said = user.says("hej")
    assert bot.ids(offset=said + 1) == []
    request = b"GET /bot%s/getUpdates?timeout=30 HTTP/1.1\r\nHost: x\r\n\r\n" % api.token.encode()

    async def poll_and_die() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", api.port)
        polls = len(api.calls_of("getUpdates"))
        writer.write(request)
        await api.wait_until_async(lambda: len(api.calls_of("getUpdates")) > polls)
        writer.transport.abort()

    asyncio.run(poll_and_die())
    time.sleep(0.05)
    api.redeliver(said)
    time.sleep(0.05)
    assert api.deliveries(said) == 0
    assert bot.ids(offset=said + 1) == [said]


# The webhook


def test_a_webhook_gets_updates_until_it_takes_them(api: BotApi, bot: Bot, user: User) -> None:
    got: list[tuple[str | None, int]] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            update = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], update["update_id"]))
            self.send_response(500 if len(got) == 1 else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    door = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=door.serve_forever, args=(0.01,), daemon=True).start()
    waiting = bot.later("getUpdates", timeout=30)
    api.wait_until(lambda: len(api.calls_of("getUpdates")) == 2)
    bot.result("setWebhook", url=f"http://127.0.0.1:{door.server_port}/", secret_token="hemligt")
    assert waiting.result(5)[0] == 409
    assert bot("getUpdates")[0] == 409
    first, second = user.says("ett"), user.says("två")
    api.wait_until(lambda: api.confirmed(second))
    assert got == [("hemligt", first), ("hemligt", first), ("hemligt", second)]
    bot.result("deleteWebhook")
    assert bot.result("getWebhookInfo")["url"] == ""
    third = user.says("tre")
    assert bot.ids() == [third]
    door.shutdown()
    door.server_close()


# Inside an event loop, and with the real client


def test_python_telegram_bot_understands_every_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # else it warns at every 429
    kinds: list[Kind] = ["photo", "voice", "sticker", "document", "contact", "location", "video_note"]

    async def conversation() -> None:
        async with BotApi() as api, telegram.Bot(api.token, base_url=api.base_url) as bot:
            assert bot.username == "lots_test_bot"
            user = api.user(7)
            user.says("/start")
            for kind in kinds:
                user.sends(kind)
            updates = await bot.get_updates(timeout=0)
            sent_kinds = [update.effective_message for update in updates[1:]]
            assert [bool(message and message[kind]) for kind, message in zip(kinds, sent_kinds, strict=True)] == [
                True
            ] * 7

            row = [telegram.InlineKeyboardButton("Ja", callback_data="j")]
            sent = await bot.send_message(7, "Fråga", reply_markup=telegram.InlineKeyboardMarkup([row]))
            user.presses("Ja")
            user.removes_message(sent.message_id)
            user.presses_data("j", sent.message_id)
            user.blocks_bot()
            offset = updates[-1].update_id + 1
            pressed, orphaned, blocked = await bot.get_updates(offset=offset, timeout=10)
            assert pressed.callback_query is not None
            assert isinstance(pressed.callback_query.message, telegram.Message)
            assert await pressed.callback_query.answer("Tack")
            assert orphaned.callback_query is not None
            assert orphaned.callback_query.message is not None
            assert orphaned.callback_query.message.date.timestamp() == 0, "inaccessible"
            assert blocked.my_chat_member is not None
            assert isinstance(blocked.my_chat_member.new_chat_member, telegram.ChatMemberBanned)
            with pytest.raises(telegram.error.Forbidden):
                await bot.send_message(7, "Hej")
            user.unblocks()
            api.fault("sendMessage", "status", code=429, retry_after=2)
            with pytest.raises(telegram.error.RetryAfter):
                await bot.send_message(7, "Hej")
            api.fault("sendMessage", "status", code=502)
            with pytest.raises(telegram.error.NetworkError):
                await bot.send_message(7, "Hej")
            user.says("och sedan")
            waiting = asyncio.create_task(user.wait_async())
            answer = await bot.send_message(7, "Svar")
            assert (await waiting).message_id == answer.message_id
            assert (await user.settles_async()).text == "Svar"
            assert await bot.delete_messages(7, [answer.message_id])
            assert await bot.set_my_commands([("samtal", "Nytt samtal")], telegram.BotCommandScopeChat(7))
            assert user.menu() == ["samtal"]
            with pytest.raises(RuntimeError, match="_async"):
                user.wait()

    asyncio.run(conversation())


ECHO_BOT = """
import json, sys, urllib.request
def call(method, **params):
    body = json.dumps(params).encode()
    request = urllib.request.Request(sys.argv[1] + "/" + method, body, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))["result"]
offset = 0
while True:
    for update in call("getUpdates", offset=offset, timeout=30):
        call("sendMessage", chat_id=update["message"]["chat"]["id"], text=update["message"]["text"])
        offset = update["update_id"] + 1
"""


@pytest.mark.parametrize(("phase", "answers"), [("before", ["hej"]), ("after", ["hej", "hej"])])
def test_a_bot_can_be_killed_at_a_chosen_call(api: BotApi, phase: str, answers: list[str]) -> None:
    """A reply that had reached Telegram when the bot died is said again by the next run."""
    command = [sys.executable, "-c", ECHO_BOT, f"{api.base_url}{api.token}"]
    user = api.user(7)
    said = user.says("hej")
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first_run:

        def kill(method: str, params: dict[str, Any], now: str) -> bool:
            if method != "sendMessage" or now != phase:
                return True
            first_run.kill()
            first_run.wait()
            return False

        api.on_call(kill)
        assert first_run.wait(10) < 0
        api.on_call(None)
    assert not api.confirmed(said)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as second_run:
        api.wait_until(lambda: api.confirmed(said))
        second_run.kill()
    assert [message.text for message in user.messages() if message.from_bot] == answers
