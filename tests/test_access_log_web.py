"""The access log on the web's own pages: a page of a case, the list of cases, and a chat that is opened again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.test_web_chat import House, a_talk, key_of, the_link


@pytest.fixture
def house() -> Iterator[House]:
    opened = House()
    yield opened
    opened.store.verify_access()
    opened.site.close()
    opened.store.close()


def test_the_webs_own_pages_leave_their_rows(house: House) -> None:
    anna = house.comes()
    code = a_talk(anna)
    assert [(row.what, row.page) for row in house.store.access(case=code)] == [
        ("changed", "samtal"),
        ("looked", "samtal"),
    ]
    anna.opens("/")
    assert house.store.access_head().id == 2, "the chat shows what was seen right before"
    anna.opens("/arenden")
    anna.opens(the_link(anna, code))
    anna.opens("/")
    assert [row.page for row in house.store.access(case=code)][2:] == ["lista", "arende"]


def test_a_chat_that_is_opened_again_is_a_look_of_its_own(house: House) -> None:
    anna = house.comes()
    code = a_talk(anna)
    before = house.store.access_head().id
    house.passes(minutes=4)
    anna.opens("/")
    house.passes(minutes=4)
    anna.opens("/")
    assert house.store.access_head().id == before, "within ten minutes it is the same look"
    house.passes(minutes=4)
    anna.opens("/")
    anna.opens("/")
    assert [(row.what, row.page) for row in house.store.access(case=code, after=before)] == [("looked", "chatt")]


def test_whoever_asks_the_web_for_a_case_they_may_not_see_stands_in_it(house: House) -> None:
    anna, bo, chief = house.comes(), house.comes(district="Skärholmen"), house.comes("chef")
    code = a_talk(anna)
    anna.opens("/arenden")
    link = the_link(anna, code)
    before = house.store.access_head().id
    for browser in (bo, chief):
        browser.opens(link)
        browser.opens("/arenden")
        browser.sends("/arenden", {"nyckel": key_of(browser), "kod": code})
        browser.sends("/arenden", {"nyckel": key_of(browser), "kod": "ÖK7-M4W"})
    said = [(row.role, row.what, row.page) for row in house.store.access(after=before)]
    assert said == [(role, "denied", page) for role in ("samordnare", "chef") for page in ("knapp", "text")]


def test_the_check_list_is_laid_out_in_parts_with_a_figure_to_a_row(house: House) -> None:
    a_talk(house.comes())
    reviewer = house.comes("granskare")
    reviewer.opens("/")
    reviewer.presses("Loggkontroll")
    headings = [node.text for node in reviewer.page.all("h3")]
    assert headings[0] == "Siffror"
    assert headings[-1] == "Stickprov"
    labels = [node.text for node in reviewer.page.all("span", **{"class": "label"})]
    assert labels == ["Tittat:", "Sparat:", "Nekat:", "Läst loggen:", "Användare:", "Ärenden:"]
