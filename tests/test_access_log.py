"""The access log: whoever looks at or changes a case stands in it, and nobody takes a row out or puts one in unseen.

That nothing of a case is shown without a row is proved over every transcript, in tests/test_golden.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.check import findings
from bot.desk import Desk
from bot.incoming import Pressed, Said
from bot.looks import Looks
from bot.phone import Phone
from bot.review import bounds, looks_of, the_month_holds
from bot.settings import load
from bot.sweeping import years_before
from bot.transcripts import play_file
from dialogs import loggkontroll
from dialogs.loggkontroll import SAMPLE, Look, is_out_of_hours
from dialogs.policy import Policy
from dialogs.records import CaseClosed, CaseFact, StaffThreat, TalkHeld
from dialogs.registry import DIALOGS
from dialogs.texts import say
from state.errors import BadSettings, BrokenChain, DiskFailed
from state.people import LOTS, ROLES, Person, Role
from state.screen import Screen
from state.store import Access, Store
from state.store.access import _hash_of
from state.transfer.backups import make_backup
from tests.bundles import CASE, FIRST_RECORDS, OTHER_CASE, somebody, write
from tests.office import KEY, Office, screen_of
from tests.overseeing import Watched, everybody
from tests.talk import FREE, MONDAY, OURS, OURS_TOO, STOCKHOLM, THEIRS
from tests.test_golden import FILES
from tests.test_reasons import REAL, Installation

TALK = TalkHeld.from_payload({"case": OURS, "held": "yes", "occurred_on": "2026-11-02"})
APART = StaffThreat(
    case=OURS_TOO,
    reported_at=MONDAY,
    danger="no",
    against="self",
    manager="yes",
    police="no",
    routine="yes",
    sig="goes_on",
)


@pytest.fixture
def office() -> Iterator[Office]:
    opened = Office()
    yield opened
    opened.store.verify_access()
    opened.store.close()


@pytest.fixture
def anna(office: Office) -> Phone:
    """A coordinator with a case."""
    phone = office.joins()
    office.given(CaseFact(case=OURS, fact="group", value="young_adult"), phone)
    office.given(TALK, phone)
    return phone


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "lots.db", KEY)) as held:
        yield held


def said(office: Office, phone: Phone | None = None) -> list[tuple[str, str, str | None]]:
    """What stands in the log: what, page and case."""
    codes = {office.store.mark(code): code for code in (OURS, OURS_TOO, THEIRS, FREE)}
    person = None if phone is None else office.person(phone).id
    return [(row.what, row.page, codes.get(row.mark)) for row in office.store.access(person=person)]


def forged(office: Office, phone: Phone, data: str) -> list[Screen]:
    return office.at_once(Pressed(office.number(), phone.address, None, "q", data))[phone.address]


def notes(store: Store, me: Person, *cases: str | None, at: datetime = MONDAY, what: Any = "looked") -> None:
    with store.transaction():
        for case in cases:
            store.note_access(me, what, "arende", case, at)


def tampers(store: Store, sql: str, values: tuple[Any, ...] = ()) -> None:
    with store.transaction():
        store._conn.execute(sql, values)


# ── what stands in it ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_page_of_a_case_leaves_its_row(office: Office, anna: Phone) -> None:
    anna.says("/arende")
    assert said(office) == [], "a code to choose a case by is no look"
    anna.presses(OURS)
    anna.presses("Texter")
    anna.presses("Samtal den 2 november 2026")
    anna.presses("Klar")
    anna.says("/overforing")
    anna.says(f"/samtal {OURS}")
    assert said(office) == [
        (("looked"), page, OURS) for page in ("arende", "texter", "journaltext", "overforing", "samtal")
    ]
    anna.presses("Ja")
    anna.presses("Spara")
    assert said(office)[-1] == ("changed", "samtal", OURS)
    (row,) = list(office.store.access(case=OURS))[-1:]
    me = office.person(anna)
    assert (row.person, row.role, row.district, row.channel) == (me.id, "samordnare", "Farsta", "terminal")


def test_a_new_case_stands_in_it_from_when_it_is_saved(office: Office, anna: Phone) -> None:
    for label in ("Registrera samtal", "Nytt ärende", "SIG unga", "Ja"):
        anna.presses(label) if label != "Registrera samtal" else anna.says("/samtal")
    assert said(office) == []
    anna.presses("Spara")
    fresh = office.kept()[-1]["case"]
    assert next((row.what, row.page) for row in office.store.access(case=fresh)) == ("changed", "samtal")


@pytest.mark.parametrize(
    ("passes", "rows", "why"),
    [
        (timedelta(minutes=9, seconds=59), 1, "within ten minutes it is the same look"),
        (timedelta(minutes=10), 2, "after ten minutes it is another"),
        (timedelta(minutes=-1), 2, "the clock was put back: what was later then is no look of now"),
    ],
)
def test_the_same_page_within_ten_minutes_is_one_look(
    office: Office, anna: Phone, passes: timedelta, rows: int, why: str
) -> None:
    anna.says(f"/arende {OURS}")
    office.passes(seconds=passes.total_seconds())
    anna.says(f"/arende {OURS}")
    assert len(said(office)) == rows, why


def test_another_page_another_person_and_every_change_are_rows_of_their_own(store: Store) -> None:
    me = somebody(store)
    other = replace(me, id="p-annan")
    with store.transaction():
        for person, what, page in (
            *((me, "looked", "arende"), (me, "looked", "arende"), (other, "looked", "arende")),
            *((me, "looked", "texter"), (me, "changed", "samtal"), (me, "changed", "samtal")),
            *((me, "denied", "arende"), (me, "looked", "samtal")),
        ):
            store.note_access(person, what, page, CASE, MONDAY)  # type: ignore[arg-type] # each is one of them
    assert [row.what for row in store.access()] == [*["looked"] * 3, "changed", "changed", "denied", "looked"]


def test_nothing_is_shown_of_which_no_row_is_kept(office: Office, anna: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row and the screen are one commit: where one cannot be written, the other is not sent."""

    def full(*_: object, **__: object) -> bool:
        raise DiskFailed("no room")

    before = office.rows("SELECT count(*) FROM outbox")
    with monkeypatch.context() as broken:
        broken.setattr(Store, "note_access", full)
        with pytest.raises(DiskFailed):
            anna.says(f"/arende {OURS}")
    assert office.rows("SELECT count(*) FROM outbox") == before
    (screen,) = anna.receives()
    assert screen.text.startswith(f"Ärende {OURS}"), "and it is not forgotten"
    assert said(office) == [("looked", "arende", OURS)]


# ── who asked in vain ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("way", [f"/arende {OURS}", f"/samtal {OURS.lower()}", OURS.replace("-", " "), f"/x {OURS}"])
@pytest.mark.parametrize("role", ROLES)
def test_whoever_types_the_code_of_a_case_they_may_not_see_stands_in_it(
    office: Office, anna: Phone, role: Role, way: str
) -> None:
    stranger = office.joins(role, "Järva")
    stranger.says("/samtal")
    stranger.says(way)
    stranger.says(f"/arende {FREE}")  # there is no such case
    assert said(office) == [("denied", "text", OURS)]


def test_whoever_presses_a_button_of_a_case_they_may_not_see_stands_in_it(office: Office, anna: Phone) -> None:
    note = office.store.entries(OURS)[-1].id
    for value in (
        f"case:{OURS}",
        f"case-why:{OURS}:3",
        f"case-texts:{OURS}",
        f"note:{note}",
        f"copy:{note}:giver:sv",
        f"/hotbild {OURS}",
    ):
        stranger = office.joins("samordnare", "Järva")
        forged(office, stranger, f"-:0:{value}")
        assert said(office, stranger) == [("denied", "knapp", OURS)], value
    nobody = office.joins("samordnare", "Järva")
    forged(office, nobody, f"-:0:case:{FREE}")
    forged(office, nobody, "-:0:note:nej")
    assert said(office, nobody) == []


@pytest.mark.parametrize("way", ["typed", "pressed", "beside another answer"])
def test_no_way_of_writing_a_command_or_a_form_asks_without_a_row(office: Office, anna: Phone, way: str) -> None:
    """A blank behind the slash opens the case all the same, and a form may bring several values at once."""
    stranger = office.joins("samordnare", "Järva")
    stranger.says("/samtal")
    if way == "typed":  # what is handled right after something else is kept as it was typed
        asks = [Said(office.number(), stranger.address, office.number(), words) for words in ("/x", f"/ arende {OURS}")]
        office.at_once(*asks)
    elif way == "pressed":
        forged(office, stranger, f"-:0:/ arende {OURS}")
    else:
        screen, shown = screen_of(stranger), max(stranger.shown)
        data = f"{screen.session}:{screen.revision}:new"
        office.at_once(Pressed(office.number(), stranger.address, shown, "q", data, (OURS,)))
    assert said(office, stranger) == [("denied", "text" if way == "typed" else "knapp", OURS)]


def test_what_is_kept_apart_is_its_authors_and_denied_to_others(office: Office, anna: Phone) -> None:
    office.given(APART, anna)
    anna.says(f"/arende {OURS_TOO}")
    assert screen_of(anna).text.startswith(OURS_TOO)
    colleague = office.joins()
    colleague.says(f"/arende {OURS_TOO}")
    assert said(office) == [("looked", "arende", OURS_TOO), ("denied", "text", OURS_TOO)]


# ── purged cases ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_purged_case_leaves_no_code_and_is_found_by_whoever_has_it(office: Office, anna: Phone) -> None:
    anna.says(f"/arende {OURS}")
    with office.store.transaction():
        office.store.purge(1, "dnr 1", [OURS], office.now)
    assert OURS not in str(office.rows("SELECT * FROM access"))
    assert office.store.codes_by_mark() == {}
    assert [row.page for row in office.store.access(case=OURS)] == ["arende"]
    assert list(office.store.access(case=THEIRS)) == []
    anna.says(f"/arende {OURS}")
    assert "gallrades" in screen_of(anna).text
    assert said(office)[-1] == ("looked", "gallrat", OURS)
    (look, _gone) = looks_of(office.store, office.now.date(), "Farsta")
    assert (look.case, look.who) == (None, "samordnare 1")


# ── the chain ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sql", "row"),
    [
        ("UPDATE access SET person = 'p-2' WHERE id = 2", 2),
        ("UPDATE access SET at = '2026-11-23T14:00:00.000+00:00' WHERE id = 2", 2),
        ("UPDATE access SET what = 'changed' WHERE id = 3", 3),
        ("UPDATE access SET page = 'kopia' WHERE id = 1", 1),
        ("UPDATE access SET mark = 'ff' WHERE id = 1", 1),
        ("UPDATE access SET district = 'Järva', role = 'chef', channel = 'web' WHERE id = 3", 3),
        ("DELETE FROM access WHERE id = 2", 3),
        ("DELETE FROM access WHERE id = 1", 2),
        ("UPDATE access SET hash = previous WHERE id = 2", 2),
        ("UPDATE access SET id = 9 WHERE id = 2", 3),
        ("INSERT INTO access_cut VALUES (1, 'ff', '2020')", 1),
    ],
)
def test_whatever_is_changed_in_the_access_log_shows(store: Store, sql: str, row: int) -> None:
    notes(store, somebody(store), CASE, OTHER_CASE, THEIRS)
    assert store.verify_access() == 3
    assert the_month_holds(store, MONDAY.date())
    tampers(store, sql)
    with pytest.raises(BrokenChain, match=f"row {row} of the access log"):
        store.verify_access()


def test_a_row_that_is_sealed_anew_shows_in_the_next(store: Store) -> None:
    notes(store, somebody(store), CASE, OTHER_CASE)
    first = next(store.access())
    forged = replace(first, person="p-2")
    tampers(store, "UPDATE access SET person = 'p-2', hash = ? WHERE id = 1", (_hash_of(forged),))
    with pytest.raises(BrokenChain, match="row 2 of the access log does not follow"):
        store.verify_access()
    assert not the_month_holds(store, MONDAY.date())


def test_rows_go_when_they_are_old_enough_and_the_chain_goes_on(store: Store) -> None:
    me, days = somebody(store), timedelta(days=1)
    for n in range(5):
        notes(store, me, CASE, at=MONDAY + n * days)
    for before, left in ((MONDAY, 5), (MONDAY + 2 * days, 3), (MONDAY + 2 * days, 3), (MONDAY + 9 * days, 0)):
        with store.transaction():
            store.cut_access(before)
        assert store.verify_access() == left
    notes(store, me, CASE, at=MONDAY + 9 * days)
    assert [(row.id, store.verify_access()) for row in store.access()] == [(6, 1)]
    cut = store.access_cut()
    assert cut is not None
    assert (cut.head.id, cut.at[:10]) == (5, "2026-11-27")
    tampers(store, "DELETE FROM access_cut")
    with pytest.raises(BrokenChain, match="row 6"):
        store.verify_access()


@pytest.mark.parametrize(("years", "kept"), [(1, 1), (5, 2), (6, 3)])
def test_the_sweep_takes_rows_away_after_the_years_that_are_configured(years: int, kept: int) -> None:
    with closing(Store(None, KEY)) as store:
        me = somebody(store)
        for ago in (6, 5, 0):
            notes(store, me, CASE, at=years_before(MONDAY, ago) + timedelta(hours=ago))
        desk = Desk(store, DIALOGS, policy=Policy(), practice=False, now=lambda: MONDAY, keep_log_years=years)
        desk.sweep("web")
        assert store.verify_access() == kept


@pytest.mark.parametrize(
    ("written", "years"), [("", 5), ("[access]\nkeep_years = 1", 1), ("[access]\nkeep_years = 10", 10)]
)
def test_for_how_long_rows_are_kept_is_configuration(tmp_path: Path, written: str, years: int) -> None:
    (tmp_path / "lots.toml").write_text(written, encoding="utf-8")
    assert load({"LOTS_DATA_DIR": str(tmp_path)}).access.keep_years == years


@pytest.mark.parametrize("wrong", ["keep_years = 0", 'keep_years = "5"', "keep_years = 101", "kept_years = 5"])
def test_a_wrong_time_is_refused(tmp_path: Path, wrong: str) -> None:
    (tmp_path / "lots.toml").write_text(f"[access]\n{wrong}", encoding="utf-8")
    with pytest.raises(BadSettings, match=r"\[access\]"):
        load({"LOTS_DATA_DIR": str(tmp_path)})


# ── what the proof over the transcripts would find ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "silent"),
    [("arende/oversikt", "looked"), ("avvisat/inget-avvisat", "looked"), ("overforing/att-gora", "looked")],
)
def test_the_proof_finds_what_is_shown_and_not_kept(monkeypatch: pytest.MonkeyPatch, name: str, silent: str) -> None:
    (path,) = [path for path in FILES if f"{path.parent.name}/{path.stem}" == name]
    monkeypatch.setattr(Looks, silent, lambda *_: None)
    watched = Watched()
    with everybody(watched):
        play_file(path)
    assert watched.missing


# ── the check ────────────────────────────────────────────────────────────────────────────────────────────────────


def a_look(n: int = 0, **more: Any) -> Look:
    held: dict[str, Any] = {
        "at": MONDAY + timedelta(minutes=n),
        "person": f"p-{n}",
        "who": f"samordnare {n}",
        "what": "looked",
        "page": "arende",
        "case": OURS,
        "mark": "m",
        "overview": False,
        "closed": False,
        "wrote": True,
        "hash": str(n),
    }
    return Look(**(held | more))


@pytest.mark.parametrize(
    ("at", "late", "why"),
    [
        ("2026-11-23 05:59", True, "before six"),
        ("2026-11-23 06:00", False, "from six"),
        ("2026-11-23 19:59", False, "until eight"),
        ("2026-11-23 20:00", True, "from eight"),
        ("2026-11-28 12:00", True, "a Saturday"),
        ("2026-11-29 12:00", True, "a Sunday"),
        ("2026-06-19 12:00", True, "midsummer eve"),
        ("2027-01-06 12:00", True, "a holiday"),
    ],
)
def test_out_of_hours_is_evenings_nights_weekends_and_holidays(at: str, late: bool, why: str) -> None:
    assert is_out_of_hours(datetime.fromisoformat(at).replace(tzinfo=STOCKHOLM)) is late, why


PARTS = ("figures", "never", "denied", "late", "closed", "drawn")


@pytest.mark.parametrize(
    ("look", "named", "why"),
    [
        (a_look(), {"drawn"}, "an ordinary look may be drawn"),
        (a_look(wrote=False), {"never", "drawn"}, "never saved anything there"),
        (a_look(wrote=False, overview=True, page="lista"), set(), "a list shows what nobody has asked for"),
        (a_look(what="denied", page="text"), {"denied"}, "in vain"),
        (a_look(at=MONDAY + timedelta(hours=8)), {"late", "drawn"}, "at night"),
        (a_look(closed=True), {"closed", "drawn"}, "closed"),
        (a_look(closed=True, what="changed", page="stangning"), {"drawn"}, "to open it again is no look"),
        (a_look(what="log", case=None, mark=""), set(), "reading the log is counted only"),
    ],
)
def test_the_list_names_what_somebody_should_be_able_to_explain(look: Look, named: set[str], why: str) -> None:
    held = loggkontroll.parts([look], MONDAY.date(), {"stangning": "Stäng ärendet"}, "sv")
    found = {
        name
        for name, part in zip(PARTS, held, strict=True)
        if name != "figures" and any("samordnare 0" in say(words, "sv") for words in part.lines)
    }
    assert found == named, why
    assert all(
        (part.ask is not None) == (name in named) for name, part in zip(PARTS, held, strict=True) if name != "figures"
    )


def test_the_sample_is_the_same_each_time_and_another_for_another_month() -> None:
    looks = [a_look(n, mark=str(n % 40)) for n in range(200)]
    drawn = loggkontroll.sample(looks, MONDAY.date())
    assert len(drawn) == SAMPLE
    assert drawn == loggkontroll.sample(list(reversed(list(reversed(looks)))), date(2026, 11, 1))
    assert drawn == sorted(drawn, key=lambda one: one.at)
    assert drawn != loggkontroll.sample(looks, date(2026, 12, 1))
    assert len(loggkontroll.sample([a_look(), a_look(), a_look(1)], MONDAY.date())) == 2, "each person and case once"


def test_the_store_knows_who_never_wrote_and_what_was_closed_then(store: Store) -> None:
    me = somebody(store)
    other = replace(me, id=LOTS.id)
    write(store, me, [TalkHeld(case=CASE, held="yes", occurred_on=MONDAY.date())])
    hour = timedelta(hours=1)
    notes(store, other, CASE, at=MONDAY + hour)
    write(store, me, [CaseClosed(case=CASE, reason="moved")], at=MONDAY + 2 * hour)
    notes(store, me, CASE, at=MONDAY + 3 * hour)
    notes(store, me, CASE, at=MONDAY + timedelta(days=30))
    looks = looks_of(store, MONDAY.date())
    assert [(one.who, one.case, one.wrote, one.closed) for one in looks] == [
        ("Lots (Farsta)", CASE, False, False),
        ("samordnare 1 (Farsta)", CASE, True, True),
    ]


def test_a_month_is_the_local_one() -> None:
    since, until = bounds(date(2026, 10, 31))
    assert (since.astimezone(UTC), until.astimezone(UTC)) == (
        datetime(2026, 9, 30, 22, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),
    )


def test_a_reviewer_sees_the_own_district_and_opens_no_case(office: Office, anna: Phone) -> None:
    elsewhere = office.joins("samordnare", "Järva")
    office.given(TalkHeld(case=THEIRS, held="yes", occurred_on=MONDAY.date()), elsewhere)
    anna.says(f"/arende {OURS}")
    elsewhere.says(f"/arende {THEIRS}")
    elsewhere.says(f"/arende {OURS}")
    anna.says(f"/arende {THEIRS}")
    reviewer = office.joins("granskare")
    shown = reviewer.says("/loggkontroll")[-1]
    assert f"samordnare 1 (Järva) frågade efter {OURS}" in shown.text, "who asked for a case of the district"
    assert f"samordnare 1 frågade efter {THEIRS}" in shown.text, "and whom of the district asked elsewhere"
    assert f"samordnare 1 (Järva), {THEIRS}" not in shown.text, "what the other district does in its own is its own"
    assert all(button.value.startswith("log:") for button in shown.buttons)
    assert said(office, reviewer) == [("log", "loggkontroll", None)]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "granskare"])
def test_nobody_else_reads_the_log(office: Office, anna: Phone, role: Role) -> None:
    anna.says(f"/arende {OURS}")
    phone = office.joins(role)
    screens = [*phone.says("/loggkontroll"), *forged(office, phone, "-:0:log:2026-11:0")]
    assert screens
    assert not any("Siffror" in screen.text or OURS in screen.text for screen in screens)
    assert said(office, phone) == []


@pytest.mark.parametrize("place", ["", "nej", "2026-13:0", "0000-01:0", "2099-01:0", "2026-11:999", "2026-11:9999"])
def test_whatever_a_button_of_the_list_carries_some_page_comes(office: Office, anna: Phone, place: str) -> None:
    (screen,) = forged(office, office.joins("granskare"), f"-:0:log:{place}")
    assert screen.text.startswith("Loggkontroll för november 2026")


def test_a_long_list_is_read_page_by_page(office: Office, anna: Phone) -> None:
    with office.store.transaction():
        for n in range(120):
            office.store.note_access(office.person(anna), "denied", f"text{n}", OURS, office.now)
    reviewer = office.joins("granskare")
    first = reviewer.says("/loggkontroll")[-1]
    (second,) = reviewer.presses("Fortsätt läsa")
    assert first.buttons[0].value == "log:2026-11:1"
    assert second.text != first.text
    assert len(first.text) <= 4096


def test_a_reviewer_is_told_where_the_chain_does_not_hold(office: Office, anna: Phone) -> None:
    anna.says(f"/arende {OURS}")
    tampers(office.store, "UPDATE access SET page = 'kopia' WHERE id = 1")
    shown = office.joins("granskare").says("/loggkontroll")[-1]
    assert "Kedjan håller inte" in shown.text
    tampers(office.store, "UPDATE access SET page = 'arende' WHERE id = 1")


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Installation]:
    """An installation for real cases, in which somebody has looked at two."""
    made = Installation(tmp_path / "real", REAL)
    (me,) = made.store.people()
    notes(made.store, me, CASE, OTHER_CASE)
    notes(made.store, me, CASE, at=MONDAY + timedelta(days=20), what="changed")
    yield made
    made.store.close()


def printed(real: Installation, *words: str) -> list[dict[str, Any]]:
    ended = real.lots("access-log", "--json", "--reason", "tillsyn", *words)
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_the_command_prints_whole_rows_in_the_order_they_came_and_is_logged_itself(real: Installation) -> None:
    real.lots("records", "--json", "--reason", "prov")
    rows = printed(real)
    assert [row["what"] for row in rows] == ["printed", "looked", "looked", "changed"], "by time: the command ran today"
    chained = [row for row in rows if row["what"] != "printed"]
    assert [row["case"] for row in chained] == [CASE, OTHER_CASE, CASE]
    assert {row["label"] for row in chained} == {"samordnare 1"}
    again = [Access(**{name: row[name] for name in Access.__slots__}) for row in chained]
    assert again == list(real.store.access()), "whoever has the lines can verify the chain"
    assert [one.command for one in real.printed()] == ["records", "access-log"]
    assert real.printed()[-1].records == 3


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (("--case", CASE), [1, 3]),
        (("--case", CASE.lower().replace("-", "")), [1, 3]),
        (("--month", "2026-12"), [3]),
        (("--month", "2026-11", "--case", OTHER_CASE), [2]),
        (("--month", "2020-01"), []),
    ],
)
def test_the_rows_of_a_case_or_a_month(real: Installation, words: tuple[str, ...], ids: list[int]) -> None:
    assert [row["id"] for row in printed(real, *words) if "id" in row] == ids


def test_the_rows_of_a_person_as_lines(real: Installation) -> None:
    (me,) = real.store.people()
    said = real.lots("access-log", "--person", me.id, "--reason", "tillsyn").stdout.splitlines()
    assert said[0] == f"2026-11-23 14:05  looked  {CASE}  arende  samordnare 1 ({me.id})  Farsta  web"
    assert len(said) == 3


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "--reason"),
        (("--reason", "nyfiken"), "nyfiken"),
        (("--reason", "tillsyn", "--case", "K7M"), "--case"),
        (("--reason", "tillsyn", "--month", "november"), "2026-11"),
        (("--reason", "tillsyn", "--person", "p-ingen"), "p-ingen"),
        (("--check", "--json"), "--check"),
    ],
)
def test_wrong_use_prints_nothing_and_says_why(real: Installation, words: tuple[str, ...], named: str) -> None:
    ended = real.lots("access-log", *words, ends=2)
    assert ended.stdout == ""
    assert named in ended.stderr
    assert real.printed() == []


def test_the_check_list_is_the_whole_months_with_boxes_and_the_chain(real: Installation) -> None:
    real.lots("records", "--json", "--reason", "prov")
    ended = real.lots("access-log", "--check", "--month", "2026-11")
    text = ended.stdout
    assert text.startswith("Loggkontroll för november 2026\n")
    assert "10 § lag (2001:454)" in text
    for part in ("Siffror", "Utskrifter med kommandon", "Stickprov", "Är loggen hel?", "När du är klar"):
        assert f"\n\n{part}\n" in text
    assert "Tittat: 2.\nSparat: 0.\nNekat: 0.\n" in text
    assert "[ ] Fråga medarbetaren vad det gällde." in text
    rows = list(real.store.access())
    assert f"Sista raden i den här listan: nummer 2, {rows[1].hash[:16]}." in text
    assert "Sista raden i förra listan: nummer 0," in text
    after = real.lots("access-log", "--check", "--month", "2026-12").stdout
    assert f"Sista raden i förra listan: nummer 2, {rows[1].hash[:16]}." in after
    assert [one.command for one in real.printed()] == ["records", *["access-log --check"] * 2]
    assert {one.reason for one in real.printed()} == {"prov", "tillsyn"}


def test_a_broken_log_shows_in_the_list_in_verify_and_in_check(real: Installation) -> None:
    told = "access log: 3 rows, the chain holds, kept for 5 years"
    assert told in "\n".join(map(str, findings(real.settings)))
    assert "3 rows in the access log, the chain holds" in real.lots("verify").stdout
    tampers(real.store, "UPDATE access SET person = 'p-2' WHERE id = 2")
    assert "Kedjan håller inte" in real.lots("access-log", "--check", "--month", "2026-11", ends=1).stdout
    assert "row 2 of the access log" in real.lots("verify", ends=1).stderr
    (found,) = [one for one in findings(real.settings) if one.part == "access log"]
    assert found.mend is not None
    assert "row 2" in found.says


# ── backups ──────────────────────────────────────────────────────────────────────────────────────────────────────


Restored = Callable[[], tuple[list[int], str]]


@pytest.fixture
def backed_up(real: Installation) -> Restored:
    """A backup of three rows; restores it, and gives the numbers of the rows then, and what was said."""
    settings = real.settings
    made = make_backup(
        real.store,
        bytes.fromhex(settings.key_file.read_text().strip()),
        database=settings.database,
        folder=settings.transfer.backup_dir,
        ledger=settings.ledger,
        now=MONDAY,
        keep_days=14,
    )

    def restores() -> tuple[list[int], str]:
        key = bytes.fromhex(settings.key_file.read_text().strip())
        real.store.close()
        ended = real.lots("restore", str(made.path), "--yes")
        real.store = Store(settings.database, key)
        real.store.verify_access()
        return [row.id for row in real.store.access()], ended.stdout

    return restores


def test_what_was_looked_at_after_the_backup_is_not_forgotten_when_it_is_restored(
    real: Installation, backed_up: Restored
) -> None:
    (me,) = real.store.people()
    write(real.store, me, FIRST_RECORDS[1:2])
    notes(real.store, me, CASE, OTHER_CASE, at=MONDAY + timedelta(days=21))
    real.lots("records", "--json", "--reason", "prov")
    before = list(real.store.access())
    assert backed_up()[0] == [1, 2, 3, 4, 5]
    assert list(real.store.access()) == before
    assert [one.command for one in real.printed()] == ["records"]
    assert real.store.length() == len(FIRST_RECORDS), "the records went back"
    notes(real.store, me, CASE, at=MONDAY + timedelta(days=22))
    assert real.store.verify_access() == 6


def test_what_was_old_enough_since_the_backup_does_not_come_back(real: Installation, backed_up: Restored) -> None:
    (me,) = real.store.people()
    notes(real.store, me, CASE, at=MONDAY + timedelta(days=30))
    with real.store.transaction():
        real.store.cut_access(MONDAY + timedelta(days=29))
    assert backed_up()[0] == [4]


def test_a_log_that_does_not_go_on_from_the_backups_stays_beside_and_is_told_of(
    real: Installation, backed_up: Restored
) -> None:
    (me,) = real.store.people()
    notes(real.store, me, CASE, at=MONDAY + timedelta(days=30))
    tampers(real.store, "UPDATE access SET person = 'p-2' WHERE id = 4")
    numbers, said = backed_up()
    assert numbers == [1, 2, 3]
    assert "the present access log does not go on from the backup's, or is broken" in said


def test_a_backup_that_has_everything_is_restored_without_a_word(real: Installation, backed_up: Restored) -> None:
    numbers, said = backed_up()
    assert numbers == [1, 2, 3]
    assert "access log" not in said


def test_in_practice_the_log_is_kept_and_no_reason_is_asked(tmp_path: Path) -> None:
    practice = Installation(tmp_path / "practice", {})
    (me,) = practice.store.people()
    notes(practice.store, me, CASE)
    assert len(practice.lots("access-log", "--json").stdout.splitlines()) == 1
    assert practice.printed() == []
    practice.store.close()
