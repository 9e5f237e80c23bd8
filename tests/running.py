"""The running program: `lots` as a process of its own, in a data folder of its own, against the local Bot API server.

A test is the person with the phone (``tests.botapi``) and the one who looks after the machine (this)::

    with BotApi.serving() as api, Lots(api, folder) as lots:
        lots.start()
        anna = lots.invited(api.user(7))
        anna.says("/samtal")
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

from bot.settings import Settings, load, read_key
from dialogs.records import Record
from state.people import Person, Role
from state.records import Envelope, verify
from state.store import Store
from tests.botapi import BotApi, Message, User

ENTRY = (sys.executable, "-c", "from bot.cli import main; main(prog_name='lots')")
"""The program, also where its script is not on the PATH."""

CHANNEL = "telegram"
DISTRICT = "Farsta"

# The words that conversations wait for, in one place.
BANNER = "Övning. Skriv inget om verkliga personer."
BEGINS = "Ett ögonblick."
HIDDEN = "Tryck på Fortsätt när du vill gå vidare."
NOT_INVITED = "Den här chatten är bara för inbjudna."
ONLY_PRIVATE = "Den här boten fungerar bara i privata chattar."
WELCOME = "Välkommen."
ALREADY_INVITED = "Du har redan tillgång"
NOT_YOUR_ROLE = "Med din roll kan du inte öppna ärenden."
NO_SUCH_COMMAND = "Det kommandot finns inte."
OLD_BUTTON = "Den knappen gäller inte längre."
REMOVED = "Det sparas inte."
NOT_READ = "Här kan du bara trycka på knappar"
NO_IDENTIFIERS = "Skriv aldrig namn, personnummer"
ONLY_PRACTICE_CODES = "Här gäller bara koder som börjar med Ö."
TOO_LONG = "Det var för långt."
EDITED = "Ändrade meddelanden läses inte"
HELP = "Fara för liv: ring 112."
MENU = "Välj vad du vill göra."
DRAFT = "Fortsätta?"
PIN_CHOOSE, PIN_AGAIN = "Välj en pinkod", "Tryck samma pinkod igen."
PIN_ENTER = "Tryck din pinkod"
CASE = "Vilket ärende gäller det?"
GROUP = "Vilken insatsgrupp hör ärendet till?"
HELD = "Blev samtalet av?"
WHY_HELD = "Bara samtal som har hållits räknas."
DAY = "Vilken dag var samtalet"
SECOND = "Är det här ett till?"
READ_BACK = "Stämmer det här?"
CHANGE = "Vad vill du ändra?"
SAVED = "Sparat i"
ABANDON, ABANDONED = "Vill du avbryta?", "Avbrutet."

Ended = subprocess.CompletedProcess[str]


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of a program of ours: this one's without its LOTS_ settings, and a data folder.

    Args:
        data_dir: the folder.
        more: further variables.
    """
    mine = {name: value for name, value in os.environ.items() if not name.startswith("LOTS_")}
    return mine | {"LOTS_DATA_DIR": str(data_dir)} | more


def command(*words: str, env: Mapping[str, str], typed: str = "", cwd: Path | None = None) -> Ended:
    """Runs a command to its end.

    Args:
        words: what stands after ``lots``.
        env: its environment.
        typed: its standard input.
        cwd: where it runs.
    """
    return subprocess.run(
        [*ENTRY, *words], env=dict(env), input=typed, capture_output=True, text=True, timeout=30, check=False, cwd=cwd
    )


class Lots:
    """One installation.

    Args:
        api: the Bot API server.
        data_dir: its folder; made where it is not there.
        more: further environment variables.
    """

    def __init__(self, api: BotApi, data_dir: Path, **more: str) -> None:
        self.api = api
        self.data_dir = data_dir
        self.env = environment(
            data_dir,
            LOTS_TELEGRAM_TOKEN=api.token,
            LOTS_TELEGRAM_BASE_URL=api.base_url,
            **{"LOTS_LOG_LEVEL": "DEBUG", "LOTS_UPDATES_A_MINUTE": "100000"} | more,
        )
        data_dir.mkdir(parents=True, exist_ok=True)
        self.log_file = data_dir.parent / f"{data_dir.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.may_fail = False  # a test that makes an update fail on purpose says so

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    # The one who looks after the machine

    def run(self, *words: str, typed: str = "") -> Ended:
        """Runs another command of this installation to its end."""
        return command(*words, env=self.env, typed=typed)

    def start(self, *, entry: Sequence[str] = (*ENTRY, "run"), ready: str = "getUpdates", **more: str) -> None:
        """Starts the program and waits until it asks for updates.

        Args:
            entry: the command line.
            ready: the method by which it asks for them.
            more: further environment variables.

        Raises:
            AssertionError: it ended instead; the text is its log.
        """
        asked = len(self.api.calls_of(ready))
        self.launch(entry=entry, **more)
        for _ in range(100):
            with suppress(TimeoutError):
                return self.api.wait_until(lambda: len(self.api.calls_of(ready)) > asked, timeout=0.2)
            assert not self.has_ended(), self.log()
        raise AssertionError(f"it never asked for updates\n{self.log()}")

    def launch(self, *, entry: Sequence[str] = (*ENTRY, "run"), **more: str) -> None:
        """Starts the program and does not wait."""
        assert self.has_ended(), "it is running already"
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                entry, env=self.env | more, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def has_ended(self) -> bool:
        """Whether no process of this installation serves."""
        return self.process is None or self.process.poll() is not None

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Asks the program to end, and waits.

        Args:
            by: the signal.

        Returns:
            Its exit code.
        """
        assert self.process is not None
        self.process.send_signal(by)
        return self.process.wait(10)

    def kill(self) -> None:
        """Ends the program as a power cut does; nothing where it has ended already."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def log(self) -> str:
        """Everything that was written to its log, over every start."""
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    def log_lines(self) -> list[dict[str, Any]]:
        """The log, line by line; one that is not JSON fails (a warning of a library, a traceback).

        The line with a code that the program leaves with is none of the log's.
        """
        return [json.loads(line) for line in self.log().splitlines() if not re.match(r"L\d{3}: ", line)]

    # What is on the disk

    @property
    def settings(self) -> Settings:
        """The settings as the program reads them."""
        return load(self.env)

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store, opened with the key file beside the running program or after it."""
        settings = self.settings
        store = Store(settings.database, read_key(settings.key_file, settings.database))
        try:
            yield store
        finally:
            store.close()

    def records(self, kind: str | None = None, author: User | None = None) -> list[Envelope]:
        """All records, or those of one kind or of one person; the chain must hold."""
        with self.store() as store:
            held = list(store.records())
            verify(held)
            who = None if author is None else self.person(store, author).id
        return [one for one in held if kind in (None, one.kind) and who in (None, one.author)]

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query of the decrypted store gives."""
        with self.store() as store:
            return store._rows(sql, *values)

    def given(self, author: User, *records: Record) -> None:
        """Writes records as if this person had made them before."""
        with self.store() as store, store.transaction():
            for record in records:
                store.append(record, self.person(store, author), self.settings.now())

    def person(self, store: Store, user: User) -> Person:
        person = store.person_at(CHANNEL, str(user.id))
        assert person is not None, f"{user.id} has not been invited"
        return person

    # People

    def invitation(self, role: Role = "samordnare", district: str = DISTRICT, hours: float = 24) -> str:
        """Makes an invitation.

        Returns:
            What the invited is to write to the bot.
        """
        with self.store() as store, store.transaction():
            expires_at = self.settings.now() + timedelta(hours=hours)
            return f"/start {store.invite(role=role, district=district, expires_at=expires_at)}"

    def invited(self, user: User, role: Role = "samordnare", district: str = DISTRICT) -> User:
        """Invites a person, who joins.

        Returns:
            The same person.
        """
        user.says(self.invitation(role, district))
        sees(user, WELCOME)
        user.settles()
        return user

    def did(self, update: int) -> None:
        """Waits until what a person did is in the store for good: its effects are committed before it is confirmed."""
        self.api.wait_until(lambda: self.api.confirmed(update))

    def rests(self, user: User, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Waits until everything that was for a person is marked as sent."""
        for _ in range(500):
            meanwhile()
            if not self.rows("SELECT 1 FROM outbox WHERE sent_at IS NULL AND address = ?", str(user.id)):
                return
            time.sleep(0.01)  # a file cannot be waited for
        raise AssertionError("something for this person has never been sent")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def sees(user: User, words: str, timeout: float = 5.0) -> Message:
    """Waits until the bot shows this person these words, from their last action on."""
    return user.wait(lambda message: not message.deleted and words in message.text, timeout)


def says(user: User, text: str, until: str) -> Message:
    """Types something and waits for the words that come of it."""
    user.says(text)
    return sees(user, until)


def presses(user: User, label: str, until: str) -> Message:
    """Presses a button and waits for the words that come of it."""
    user.presses(label, timeout=5)
    return sees(user, until)


def walks(user: User, *steps: tuple[str, str]) -> Message:
    """Presses one button after the other, each when the words of the one before have come; gives the last screen."""
    return [presses(user, label, until) for label, until in steps][-1]


def names_a_new_case(user: User) -> Message:
    """Answers which case with a new one, and the one thing that must be known of it; gives the first question."""
    return walks(user, ("Nytt ärende", GROUP), ("SIG unga vuxna", HELD))


def types_pin(user: User, pin: str, until: str) -> Message:
    """Presses the keys of the lock and waits for the words that come of the last."""
    for number, digit in enumerate(pin, 1):
        user.presses(digit, timeout=5)
        assert user.wait_toast() == f"{number} av {len(pin)}"
    return sees(user, until)


def chooses_pin(user: User, pin: str, until: str = MENU) -> Message:
    """Chooses a PIN where real cases are talked of in the chat."""
    types_pin(user, pin, PIN_AGAIN)
    return types_pin(user, pin, until)


def code_in(message: Message) -> str:
    """The case code that a message names."""
    found = re.search(r"\b[2-9A-ZÖ]{3}-[2-9A-Z]{3}\b", message.text)
    assert found, message.text
    return found[0]


def shown(api: BotApi, user: User) -> list[str]:
    """Every text that the bot sent this person or edited a message to, oldest first.

    The neutral line that each new message begins with is left out.
    """
    return [
        str(params["text"])
        for method, params in api.calls
        if method in ("sendMessage", "editMessageText") and params["chat_id"] == user.id and params["text"] != BEGINS
    ]
