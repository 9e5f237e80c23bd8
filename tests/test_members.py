"""`lots members`, and what `lots revoke` and `lots check` say of cases: the operator's part of need to know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.access import members_of
from bot.check import findings
from dialogs.records import CaseClosed
from state.people import LOTS, Person, Role
from state.store import WEB
from tests.bundles import APART, CASE, OTHER_CASE
from tests.test_reasons import REAL, Installation

WHY = ("--reason", "bemanning")


class House(Installation):
    """An installation with a coordinator who is alone in two cases, and a colleague who is in none.

    :ivar me: the coordinator.
    :ivar colleague: the colleague.
    """

    def __init__(self, folder: Path, mode: dict[str, str]) -> None:
        super().__init__(folder, mode)
        (self.me,) = self.store.people()
        self.colleague = self.comes("ersattare")

    def comes(self, role: Role = "samordnare", district: str = "Farsta") -> Person:
        with self.store.transaction():
            now = self.settings.now()
            return self.store.add_person(role=role, district=district, channel=WEB, address=None, now=now)

    def written(self) -> list[tuple[str, str, str]]:
        """What was written of access: kind, whose, and by whom."""
        return [
            (held.kind, held.record.payload()["person"], held.author)
            for held in self.store.records()
            if held.kind.startswith("access")
        ]

    def reach(self, case: str = CASE) -> tuple[str, ...]:
        found = members_of(self.store, case)
        assert found is not None
        return found.reach

    def cases(self) -> str:
        """What ``lots check`` says of cases."""
        return next(str(one) for one in findings(self.settings) if one.part == "cases")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "real", REAL)
    yield made
    made.store.close()


def test_who_gets_at_a_case_is_listed_by_label_for_a_reason_that_is_kept(house: House) -> None:
    assert house.lots("members", CASE, *WHY).output == f"{house.me.id}  samordnare 1  can open it\n"
    ((command, reason, count),) = [(one.command, one.reason, one.records) for one in house.printed()]
    assert (command, reason, count) == ("members", "bemanning", 1)
    assert CASE not in str(house.printed()), "the log names no case"


@pytest.mark.parametrize("words", [(), (CASE,), ("--person", "p-aaaaaaaa"), (CASE, "--add", "p-aaaaaaaa")])
def test_without_a_reason_nothing_is_listed_or_changed(house: House, words: tuple[str, ...]) -> None:
    assert "the reason is logged" in house.lots("members", *words, ends=2).output
    assert (house.printed(), house.written()) == ([], [])


def test_somebody_is_let_in_and_somebody_taken_out_as_lots(house: House) -> None:
    house.lots("members", CASE, "--add", house.colleague.id, *WHY)
    assert house.written() == [("access_given", house.colleague.id, LOTS.id)]
    assert house.reach() == (house.me.id, house.colleague.id)
    house.lots("members", CASE, "--add", house.colleague.id, *WHY)
    assert len(house.written()) == 1, "who is in already is not written in once more"
    house.lots("members", CASE, "--remove", house.me.id, *WHY)
    assert house.written()[1:] == [("access_ended", house.me.id, LOTS.id)]
    assert house.reach() == (house.colleague.id,)
    assert house.reach(OTHER_CASE) == (house.me.id,), "and of no other case"


def test_one_is_put_in_the_place_of_another_at_once(house: House) -> None:
    house.lots("members", CASE, "--add", house.colleague.id, "--remove", house.me.id, *WHY)
    assert house.reach() == (house.colleague.id,)


def test_what_cannot_be_is_refused_and_nothing_is_written(house: House) -> None:
    chef, far = house.comes("chef"), house.comes(district="Skärholmen")
    for words, told in (
        (("KKK-KKK",), "no case with that code"),
        ((APART,), "no case with that code"),
        ((CASE, "--add", "p-nobodyxx"), "nobody has the id"),
        ((CASE, "--add", chef.id), "the case is for case roles in Farsta"),
        ((CASE, "--add", far.id), "the case is for case roles in Farsta"),
        ((CASE, "--remove", house.colleague.id), "was not let into the case"),
        ((CASE, "--remove", house.me.id), "the last one who can open the case"),
        (("--add", house.me.id), "need the code of a case"),
        ((CASE, "--person", house.me.id), "it takes no case"),
        (("--person", "p-nobodyxx"), "nobody has or had the id"),
    ):
        assert told in house.lots("members", *words, *WHY, ends=2).output, words
    assert house.written() == []


def test_who_is_revoked_is_told_of_by_figures_and_listed_where_somebody_says_why(house: House) -> None:
    house.lots("members", CASE, "--add", house.colleague.id, *WHY)
    assert house.lots("members", "--person", house.me.id, *WHY).output.splitlines()[0] == "they can see 2 cases"
    said = house.lots("revoke", house.me.id).output
    assert said.splitlines()[:2] == [f"{house.me.id} is revoked", "they could see 2 cases; nobody is left in 1"]
    assert CASE not in said
    assert OTHER_CASE not in said
    listed = house.lots("members", "--person", house.me.id, *WHY).output
    lines = [f"{CASE}  open  1 other can open it", f"{OTHER_CASE}  open  0 others can open it"]
    assert listed.splitlines() == ["they could see 2 cases", *sorted(lines)]
    said = house.lots("revoke", house.colleague.id, "--reason", "tillsyn").output
    assert said.splitlines()[1:] == ["they could see 1 case", f"{CASE}  open  0 others can open it"]
    assert [(one.command, one.reason) for one in house.printed()][-1] == ("revoke", "tillsyn")


def test_cases_that_nobody_can_open_are_found_and_given_to_somebody(house: House) -> None:
    assert house.cases() == "ok     cases: 2, of which nobody can open 0 (0 not closed)"
    house.lots("revoke", house.me.id)
    assert house.cases().startswith("WRONG  cases: 2, of which nobody can open 2 (2 not closed). Run: lots members")
    listed = house.lots("members", *WHY).output.splitlines()
    assert listed == [*sorted(f"{case}  Farsta  open" for case in (CASE, OTHER_CASE)), "2 cases that nobody can open"]
    house.lots("members", CASE, "--add", house.colleague.id, *WHY)
    with house.store.transaction():
        house.store.append(CaseClosed(case=OTHER_CASE, reason="moved"), LOTS, house.settings.now())
    assert house.cases() == "ok     cases: 2, of which nobody can open 1 (0 not closed)", (
        "a closed one waits for nobody"
    )


def test_who_is_taken_out_by_the_operator_loses_what_they_have_open_there(house: House) -> None:
    from bot.desk import Desk
    from bot.incoming import Said
    from dialogs.policy import Policy
    from dialogs.registry import DIALOGS

    house.lots("members", CASE, "--add", house.colleague.id, *WHY)
    desk = Desk(house.store, DIALOGS, policy=Policy(), practice=False, now=house.settings.now)
    desk.take_in(WEB, [Said(1, house.me.address, None, f"/samtal {CASE}")])
    desk.work(WEB)
    assert len(house.store.drafts(house.me.id, case=CASE)) == 1
    with house.store.transaction():
        house.store.sent([(one.id, None) for one in house.store.unsent(WEB)], house.settings.now())
    house.lots("members", CASE, "--remove", house.me.id, *WHY)
    assert house.store.drafts(house.me.id) == []
    waits = house.store.unsent(WEB)
    assert [one.payload["do"] for one in waits] == ["clear", "show"], "the running program shows them where they are"
    assert CASE not in str(waits)
