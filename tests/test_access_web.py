"""Need to know on the web: the pages of a case, its buttons and its list are behind the same gate as the chat."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dialogs.records import AccessEnded, CaseFact
from state.people import CASE_ROLES, ROLES, Role
from tests.test_web_chat import House, Houses, Stream, a_talk, ear, houses, key_of
from tests.web_phone import Browser, fields_of

__all__ = ["houses"]  # a fixture


@pytest.fixture
def house(houses: Houses) -> House:
    return houses()


def nothing_given(house: House, who: str, code: str) -> None:
    """A colleague of the district, and no more than that."""


def given(house: House, who: str, code: str) -> None:
    house.lets_in(who, code)


def given_and_ended(house: House, who: str, code: str) -> None:
    house.lets_in(who, code)
    house.takes_out(who, code)


def moved(house: House, who: str, code: str) -> None:
    house.lets_in(who, code)
    person = house.store.person(who)
    assert person is not None
    with house.store.transaction():
        moves = CaseFact.from_payload({"case": code, "fact": "district", "value": "Skärholmen"})
        house.store.append(moves, person, house.now)


WAYS = ("/samtal {}", "/arende {}", "/kollega {}", "case:{}", "case-why:{}", "case-texts:{}")


def seen_by(browser: Browser, code: str, link: str, note: str) -> list[str]:
    """The ways by which somebody sees something of a case: its list, its page, its code, buttons and forged buttons."""
    ways = [path for path in ("/arenden", link) if code in browser.opens(path).body]
    answer = browser.sends("/arenden", {"nyckel": key_of(browser), "kod": code})
    if answer.status == 200 and browser.path == link:
        ways.append("code")
    for number, value in enumerate((*(way.format(code) for way in WAYS), f"note:{note}")):
        browser.opens("/")
        fields = {"nyckel": key_of(browser), "n": str(700 + number), "tryck": value}
        browser.sends("/svar", fields)
        if code in browser.page.text:
            ways.append(value.partition(":")[0].partition(" ")[0])
    return ways


@pytest.mark.parametrize(
    ("grants", "opens"), [(nothing_given, False), (given, True), (given_and_ended, False), (moved, False)]
)
@pytest.mark.parametrize("role", ROLES)
def test_a_case_page_opens_by_each_way_or_by_none(
    house: House, role: Role, grants: Callable[[House, str, str], None], opens: bool
) -> None:
    anna = house.comes()
    code = a_talk(anna)
    anna.sends("/arenden", {"nyckel": key_of(anna), "kod": code})
    link = anna.path
    note = next(held.id for held in house.store.records() if held.kind == "talk_held")
    other = house.comes(role)
    grants(house, house.id_of(other), code)
    every = ["/arenden", link, "code", *(way.partition(":")[0].partition(" ")[0] for way in WAYS), "note"]
    assert seen_by(other, code, link, note) == (every if opens and role in CASE_ROLES else [])


def test_an_open_page_of_somebody_who_is_taken_out_is_told_and_then_gone(house: House) -> None:
    anna, bo = house.comes(), house.comes()
    code = a_talk(anna)
    house.lets_in(house.id_of(bo), code)
    bo.sends("/arenden", {"nyckel": key_of(bo), "kod": code})
    link = bo.path
    assert link.startswith("/arende/")
    bo.opens("/")
    bo.sends("/svar", {"nyckel": key_of(bo), "n": "70", "tryck": f"/samtal {code}"})
    assert code in bo.page.text
    anna.opens("/")
    anna.sends("/svar", {"nyckel": key_of(anna), "n": "71", "tryck": f"/kollega {code}"})
    anna.presses("samordnare 2")

    async def story() -> None:
        async with ear(bo) as open_page:
            stream = Stream(open_page)
            assert await stream.hears() == "nytt"
            form = next(f for f in anna.page.all("form") if any(b.text == "Spara" for b in f.all("button")))
            cookies = "; ".join(f"{name}={value}" for name, value in anna.cookies.items())
            await house.site.asking(
                "POST", "/svar", fields=fields_of(form) | {"tryck": "!save"}, headers={"Cookie": cookies}
            )
            assert await stream.hears() == "nytt"

    house.site.run(story())
    assert [held.record.person for held in house.store.records() if isinstance(held.record, AccessEnded)] == [
        house.id_of(bo)
    ]
    bo.opens("/")
    assert code not in bo.page.text
    assert bo.opens(link).path == "/arenden"
    assert code not in bo.page.text
