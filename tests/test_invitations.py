"""`lots invitations`: what lies about unused, and how it is taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.running import NOT_INVITED, WELCOME, Ended, Lots, says

pytestmark = pytest.mark.process


def refused(ended: Ended, *fragments: str) -> None:
    assert (ended.returncode, ended.stdout) == (2, "")
    for fragment in fragments:
        assert fragment in ended.stderr


def test_those_that_can_be_used_are_listed_without_their_codes_and_one_that_is_taken_back_lets_nobody_in(
    lots: Lots,
) -> None:
    """Used and old ones are not listed, and cannot be taken back."""
    lots.start()
    anna = lots.invited(lots.api.user(7))
    settings = lots.settings
    now = settings.now()
    with lots.store() as store, store.transaction():
        person = lots.person(store, anna).id
        store.invite(role="drift", district="Farsta", expires_at=now - timedelta(minutes=1))
        first = store.invite(role="chef", district="Farsta", expires_at=now + timedelta(hours=1))
        store.invite(role="samordnare", district="Farsta", expires_at=now + timedelta(hours=2), person=person)
    ended = lots.run("invitations")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    until = f"until {(now + timedelta(hours=1)).astimezone(settings.zone):%Y-%m-%d %H:%M}"
    assert lines[0].split("  ")[1:] == ["chef", "Farsta", until, "for somebody new"]
    assert lines[1].endswith(f"for {person}")
    assert len(lines) == 2
    assert first not in ended.stdout

    one = lines[0].split()[0]
    refused(lots.run("invitations", "--withdraw", one, "--withdraw", "ffffffff"), "'ffffffff'", "none was taken back")
    assert lots.run("invitations").stdout == ended.stdout
    assert lots.run("invitations", "--withdraw", one).stdout == f"{one} is taken back\n"
    assert lots.run("invitations").stdout.splitlines() == lines[1:]
    refused(lots.run("invitations", "--withdraw", one), f"{one!r}")
    says(lots.api.user(8), f"/start {first}", NOT_INVITED)
    assert WELCOME not in str(lots.api.calls[-1])
