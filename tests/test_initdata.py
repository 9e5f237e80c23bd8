"""What Telegram's Mini App says of a person: believed only where Telegram signed it, lately, and once."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from bot.web.initdata import LONGEST, BadInitData, person_of, read
from state.people import Person
from state.store import WEB, Store

TOKEN = "7000000001:only-for-the-tests"
NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
MOST = 300


def signed(token: str = TOKEN, **fields: str) -> str:
    """Init data as Telegram makes it: the algorithm of its documentation once more, by other means than the code's.

    Args:
        token: the bot's.
        fields: what is signed, as text.
    """
    secret = hmac.new(b"WebAppData", msg=token.encode("utf-8"), digestmod="sha256").digest()
    lines = sorted(f"{name}={value}" for name, value in fields.items())
    digest = hmac.new(secret, msg="\n".join(lines).encode("utf-8"), digestmod=hashlib.sha256).hexdigest()
    return urlencode({**fields, "hash": digest}, quote_via=quote)


def fields(user: int | str = 7, at: datetime = NOW, **more: str) -> dict[str, str]:
    person = json.dumps({"id": user, "first_name": "Åsa & Bo", "language_code": "sv"}, ensure_ascii=False)
    return {
        "query_id": "AAHdF6IQAAAAAN0XohDhrOrc",
        "user": person,
        "auth_date": str(int(at.timestamp())),
        "signature": "an-ed25519-signature_for-others",
        **more,
    }


def init_data(user: int | str = 7, at: datetime = NOW, **more: str) -> str:
    return signed(**fields(user, at, **more))


def fault(data: str, token: str = TOKEN) -> str:
    with pytest.raises(BadInitData) as bad:
        read(data, token, NOW, MOST)
    assert str(bad.value) == bad.value.fault, "nothing of what was sent is in the error"
    return bad.value.fault


# ── what Telegram signed ─────────────────────────────────────────────────────────────────────────────────────


def test_what_telegram_signed_is_read() -> None:
    data = read(init_data(user=4711), TOKEN, NOW, MOST)
    assert (data.user, data.auth_date) == ("4711", NOW)
    assert data.hash == init_data(user=4711).rpartition("hash=")[2]
    assert data.until == NOW + timedelta(seconds=MOST)


def test_the_signature_is_the_one_of_a_known_example() -> None:
    """A digest that was worked out once with `openssl dgst -sha256 -mac HMAC`, so that both sides cannot err alike."""
    data = (
        "auth_date=1795442700&query_id=AAE&user=%7B%22id%22%3A7%7D"
        "&hash=68b8d062459614192fd4471f15d51636fff530f8b3412557e4dc2cadc61f1c5e"
    )
    assert read(data, TOKEN, NOW, MOST).user == "7"


@pytest.mark.parametrize(
    ("seconds", "why"),
    [
        (0, "just now"),
        (-MOST, "as old as it may be"),
        (60, "Telegram's clock may be a minute ahead"),
    ],
)
def test_it_holds_for_a_while(seconds: int, why: str) -> None:
    assert read(init_data(at=NOW + timedelta(seconds=seconds)), TOKEN, NOW, MOST).user == "7", why


def test_the_order_of_the_fields_does_not_matter() -> None:
    first, *others = init_data().split("&")
    assert read("&".join([*others, first]), TOKEN, NOW, MOST).user == "7"


# ── what it did not ──────────────────────────────────────────────────────────────────────────────────────────


def test_every_byte_is_signed() -> None:
    """One character changed, wherever: of no value does anything else come than that it is refused."""
    good = init_data()
    for at, was in enumerate(good):
        forged = f"{good[:at]}{'0' if was != '0' else '1'}{good[at + 1 :]}"
        assert fault(forged) in ("forged", "malformed"), at


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "another bot's": (lambda: signed("7000000001:another", **fields()), "forged"),
    "a user who is put in the place of another": (
        lambda: init_data(user=7).replace("%22id%22%3A%207", "%22id%22%3A%208"),
        "forged",
    ),
    "a field more": (lambda: f"{init_data()}&chat_type=private", "forged"),
    "a field less": (lambda: "&".join(init_data().split("&")[1:]), "forged"),
    "no signature in the hash": (lambda: f"{init_data().rpartition('hash=')[0]}hash=", "forged"),
    "a hash of other characters": (lambda: f"{init_data().rpartition('hash=')[0]}hash=%C3%A5%C3%A4%C3%B6", "forged"),
    "no hash": (lambda: init_data().rpartition("&")[0], "malformed"),
    "a name twice": (lambda: f"{init_data()}&auth_date={int(NOW.timestamp())}", "malformed"),
    "two hashes": (lambda: f"hash={'0' * 64}&{init_data()}", "malformed"),
    "a name twice that was signed": (
        lambda: init_data().replace("query_id=", "user=x&query_id=", 1),
        "malformed",
    ),
    "nothing": (lambda: "", "malformed"),
    "no fields": (lambda: "hej", "malformed"),
    "half a character": (lambda: f"{init_data()}&name=%C3", "malformed"),
    "a character that is none": (lambda: f"{init_data()}&name=\udce5", "malformed"),
    "10,000 characters": (lambda: init_data(start_param="a" * 10_000), "malformed"),
    "a character too many": (lambda: init_data().ljust(LONGEST + 1, "a"), "malformed"),
    "many fields": (lambda: signed(**fields(), **{f"f{number}": "1" for number in range(40)}), "malformed"),
    "old": (lambda: init_data(at=NOW - timedelta(seconds=MOST + 1)), "old"),
    "from 1970": (lambda: init_data(at=datetime.fromtimestamp(0, UTC)), "old"),
    "of later": (lambda: init_data(at=NOW + timedelta(seconds=61)), "from_the_future"),
    "no time": (lambda: init_data(auth_date=""), "malformed"),
    "a time in other digits": (lambda: init_data(auth_date="١٧٩٥٤٤٢٧٠٠"), "malformed"),
    "a time below zero": (lambda: init_data(auth_date="-1"), "malformed"),
    "a time without end": (lambda: init_data(auth_date="9" * 40), "malformed"),
    "no user": (lambda: init_data(user="null"), "no_user"),
    "a user without an id": (lambda: signed(**fields() | {"user": "{}"}), "no_user"),
    "a user that is none": (lambda: signed(**fields() | {"user": "[7]"}), "no_user"),
    "a user in pieces": (lambda: signed(**fields() | {"user": '{"id": 7'}), "no_user"),
    "a user of many levels": (lambda: signed(**fields() | {"user": "[" * 1100}), "no_user"),
    "an id that is true": (lambda: signed(**fields() | {"user": '{"id": true}'}), "no_user"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_telegrams_is_refused(what: str) -> None:
    data, expected = BAD[what]
    assert fault(data()) == expected


def test_letters_outside_ascii_are_signed_as_they_are() -> None:
    """However the browser wrote them: the signature is of the characters."""
    plain = init_data(start_param="Örnsköldsvik")
    assert read(plain, TOKEN, NOW, MOST).user == "7"
    assert read(plain.replace("%C3%96rnsk%C3%B6ldsvik", "Örnsköldsvik"), TOKEN, NOW, MOST).user == "7"


# ── whom it is of ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "lots.db", bytes(32))
    yield opened
    opened.close()


@pytest.fixture
def anna(store: Store) -> Person:
    """Somebody whose doorbell is the chat 7."""
    with store.transaction():
        person = store.add_person(role="samordnare", district="Farsta", channel=WEB, address=None, now=NOW)
        store.set_bell(person.id, "7")
    return person


def whose(store: Store, data: str, now: datetime = NOW) -> Person | None:
    with store.transaction():
        return person_of(store, data, TOKEN, now, MOST)


def test_it_is_good_once(store: Store, anna: Person) -> None:
    """The page may have been overheard: what it sent lets nobody in again, until it is too old anyway."""
    data = init_data()
    assert whose(store, data) == anna
    for later in (0, 1, MOST):
        now = NOW + timedelta(seconds=later)
        with store.transaction():
            store.sweep_sign_ins(now)
        assert whose(store, data, now) is None, later
    with pytest.raises(BadInitData):
        whose(store, data, NOW + timedelta(seconds=MOST + 1))
    assert whose(store, init_data(query_id="another")) == anna, "who opens it anew is let in"


def test_a_stranger_is_answered_as_a_replay_is(store: Store, anna: Person) -> None:
    assert whose(store, init_data(user=8)) is None
    assert whose(store, init_data(user=8)) is None
    assert whose(store, init_data()) == anna


def test_who_was_revoked_is_a_stranger(store: Store, anna: Person) -> None:
    with store.transaction():
        store.revoke(anna.id, NOW)
    assert whose(store, init_data()) is None


def test_what_is_forged_uses_nothing_up(store: Store, anna: Person) -> None:
    with pytest.raises(BadInitData):
        whose(store, f"{init_data()}&more=1")
    assert whose(store, init_data()) == anna
