"""Who gets at cases: every role, every command, and every button that anybody could forge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.incoming import Pressed
from bot.phone import Phone
from dialogs.records import CaseFact, TalkHeld
from dialogs.registry import DIALOGS
from state.people import CASE_ROLES, ROLES, Role
from state.screen import Screen
from tests.office import Office
from tests.talk import OURS

COMMANDS = [
    *(f"/{dialog.command}" for dialog in DIALOGS),
    *(f"/{dialog.command} {OURS}" for dialog in DIALOGS),
    *("/arende", f"/arende {OURS}", f"/ARENDE@lotsbot {OURS}", "/overforing"),
]
FREE_COMMANDS = ["/hjalp", "/sprak", "/avbryt", "/start", "/nej"]
OUTSIDERS = [role for role in ROLES if role not in CASE_ROLES]


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    opened.store.close()


@pytest.fixture
def note(office: Office) -> str:
    """The id of a record of a case of the district."""
    colleague = office.joins()
    office.given(CaseFact(case=OURS, fact="group", value="youth"), colleague)
    return office.given(TalkHeld.from_payload({"case": OURS, "held": "yes", "occurred_on": "2026-11-02"}), colleague)


def forged(office: Office, phone: Phone, data: str) -> list[Screen]:
    return office.at_once(Pressed(office.number(), phone.address, None, "q", data))[phone.address]


def shows_the_case(screens: list[Screen]) -> bool:
    return any(OURS in screen.text or any(OURS in b.label + b.value for b in screen.buttons) for screen in screens)


def values(note: str) -> list[str]:
    """What the buttons of those who work with cases carry."""
    return [*COMMANDS, f"case:{OURS}", f"case-why:{OURS}", f"note:{note}"]


def test_the_roles_that_get_at_cases_are_these() -> None:
    assert set(ROLES) == {"samordnare", "ersattare", "chef", "drift", "granskare"}
    assert {"samordnare", "ersattare"} == CASE_ROLES


@pytest.mark.parametrize("role", sorted(CASE_ROLES))
def test_a_role_that_gets_at_cases_does_so_by_each_of_them(office: Office, note: str, role: Role) -> None:
    for value in values(note):
        phone = office.joins(role)
        assert not shows_the_case(forged(office, phone, f"-:0:{value}")), f"{value}: the role alone opens no case"
        phone.says("/avbryt")
        with office.store.transaction():
            office.store._conn.execute("DELETE FROM session")
        office.lets_in(phone, OURS)
        if value != f"/hotbild {OURS}" and (" " in value or value.startswith(("case", "note"))):
            assert shows_the_case(forged(office, phone, f"-:0:{value}")), value
        elif value not in ("/arende", "/overforing"):  # the threat dialog asks of 112 before it asks for the case
            asked = "choice" if value.startswith("/hotbild") else "code"
            assert forged(office, phone, f"-:0:{value}")[-1].typed == asked, value


@pytest.mark.parametrize("role", OUTSIDERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_another_role_gets_at_no_case_by_a_command(office: Office, note: str, role: Role, command: str) -> None:
    phone = office.joins(role)
    (said,) = phone.says(command)
    assert said.text == "Med din roll kan du inte öppna ärenden."
    assert not shows_the_case([said])
    assert [button.value for button in said.buttons] == [*(["/loggkontroll"] if role == "granskare" else []), "/hjalp"]
    assert office.rows("SELECT count(*) FROM session") == [(0,)]


@pytest.mark.parametrize("role", OUTSIDERS)
def test_another_role_gets_at_no_case_by_a_forged_button(office: Office, note: str, role: Role) -> None:
    phone = office.joins(role)
    before = office.kept()
    for value in values(note):
        seen = forged(office, phone, f"-:0:{value}")
        assert seen, f"{value}: every press is answered"
        assert not shows_the_case(seen), value
    assert office.rows("SELECT count(*) FROM session") == [(0,)]
    assert office.kept() == before


@pytest.mark.parametrize("role", OUTSIDERS)
def test_another_role_answers_in_nobodys_dialog(office: Office, note: str, role: Role) -> None:
    colleague, phone = office.joins(), office.joins(role)
    office.lets_in(colleague, OURS)
    colleague.says(f"/samtal {OURS}")
    session = office.store.active_session(office.person(colleague).id)
    assert session is not None
    for value in ("yes", "!why", "!back", "!save", "!abandon", "!abandon:yes", "!resume", "!over", "!another", OURS):
        seen = forged(office, phone, f"{session.id}:{session.revision}:{value}")
        assert not shows_the_case(seen), value
    assert office.store.session(session.id) == session


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("command", FREE_COMMANDS)
def test_every_role_has_the_commands_that_are_about_no_case(office: Office, role: Role, command: str) -> None:
    (said,) = office.joins(role).says(command)
    assert said.text
    assert said.buttons
    assert "Med din roll" not in said.text
