"""What Telegram's Mini App says of who opened it, and whether Telegram said it.

Telegram signs the fields with a key made of the bot's token (Bot API, "Validating data received via the Mini App").
That shows whose chat the button was pressed in; whether the person may come in is the PIN's to say.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args
from urllib.parse import parse_qsl

from state.people import Person
from state.store import Store

LONGEST = 4096
"""Characters that are read; Telegram's own are some hundred."""

MOST_FIELDS = 32
AHEAD = timedelta(seconds=60)
"""How much later than ours Telegram's clock may be."""

REMEMBERED = timedelta(days=1)
"""How much longer than it is good a hash is remembered: a clock that is put back makes none good again."""

Fault = Literal["malformed", "forged", "from_the_future", "old", "no_user"]
FAULTS: tuple[Fault, ...] = get_args(Fault)


class BadInitData(Exception):
    """Nobody is to be let in on this.

    :ivar fault: what is wrong with it, one of :data:`FAULTS`; for the log, never for the page.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class InitData:
    """What Telegram said.

    :ivar user: the id of the person's account, which is the address of their chat with the bot.
    :ivar hash: Telegram's signature, in hex; each is good once.
    :ivar auth_date: when the Mini App was opened.
    :ivar until: when this is too old.
    """

    user: str
    hash: str
    auth_date: datetime
    until: datetime


def read(init_data: str, token: str, now: datetime, max_age_seconds: int) -> InitData:
    """Hold what a browser sent against Telegram's signature and the clock.

    :param init_data: ``tgWebAppData`` as Telegram put it into the address, decoded once.
    :param token: the bot's token.
    :param now: the time, with a zone.
    :param max_age_seconds: how old it may be.
    :returns: what Telegram said.
    :raises BadInitData: it is not Telegram's, or not of now, or of nobody.
    """
    try:
        if len(init_data) > LONGEST:
            raise BadInitData("malformed")
        pairs = parse_qsl(
            init_data, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
        fields = dict(pairs)
        signature = fields.pop("hash", "")
        check = "\n".join(f"{name}={fields[name]}" for name in sorted(fields)).encode()
        said = signature.encode()
    except ValueError:  # among them characters that are none
        raise BadInitData("malformed") from None
    if len(fields) + 1 != len(pairs):  # no hash, or a name that stands there twice
        raise BadInitData("malformed")
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    if not hmac.compare_digest(hmac.new(key, check, hashlib.sha256).hexdigest().encode(), said):
        raise BadInitData("forged")
    at = _moment(fields.get("auth_date", ""))
    until = at + timedelta(seconds=max_age_seconds)
    if at > now + AHEAD:
        raise BadInitData("from_the_future")
    if now > until:
        raise BadInitData("old")
    return InitData(user=_user(fields.get("user", "")), hash=signature, auth_date=at, until=until)


def person_of(store: Store, init_data: str, token: str, now: datetime, max_age_seconds: int) -> Person | None:
    """Whom Telegram's button was pressed by; inside a transaction, which must end well also where it was nobody.

    :param store: the store.
    :param init_data: as in :func:`read`.
    :param token: the bot's token.
    :param now: the time, with a zone.
    :param max_age_seconds: how old it may be.
    :returns: the person whose doorbell that chat is; ``None`` for anybody else, and for what was used before.
    :raises BadInitData: as in :func:`read`.
    """
    data = read(init_data, token, now, max_age_seconds)
    if not store.use_once(data.hash, data.until + REMEMBERED):
        return None
    return store.person_with_bell(data.user)


def _moment(written: str) -> datetime:
    if not (written.isascii() and written.isdecimal() and len(written) <= 11):
        raise BadInitData("malformed")
    return datetime.fromtimestamp(int(written), UTC)


def _user(written: str) -> str:
    try:
        user = json.loads(written)
    except (ValueError, RecursionError):
        raise BadInitData("no_user") from None
    number = user.get("id") if isinstance(user, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise BadInitData("no_user")
    return str(number)
