"""What may be shared with each party in one answer: how it is offered, grown, refused, kept and said (CON-3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs import samtycke
from dialogs.answers import DONE, EVERYTHING, NOTHING, Given, Partly, Refused, Reply, Value
from dialogs.consent_words import INFO_KINDS
from dialogs.model import World
from dialogs.records import CaseFact
from dialogs.scope import ALL, AT, FROM, TO, Scope, Scopes
from dialogs.texts import say
from state.session import CHANGE, SAVE
from tests.talk import OURS, Kept, Talk, a_world

KINDS = tuple(INFO_KINDS)
POLICE, SCHOOL = "police", "school"
WORLD = a_world()
BOTH: dict[str, str] = {POLICE: "planning,crime|to,from", SCHOOL: "planning,occupation|to,from"}


def scopes(*parties: str) -> Scopes:
    return Scopes(parties=lambda answers, world: parties, starts=lambda answers, world: {})


TWO, ONE = scopes(POLICE, SCHOOL), scopes(POLICE)


def pressed(kind: Scopes, so_far: Value | None, *presses: str, world: World = WORLD) -> Reply:
    """What presses make of an answer, one after the other."""
    reply: Reply = Partly(so_far if so_far is not None else {})
    for said in presses:
        assert isinstance(reply, Partly), f"nothing takes {said}: {reply}"
        reply = kind.read(said, so_far, world)
        so_far = reply.value if isinstance(reply, Partly) else so_far
    return reply


def labels(kind: Scopes, so_far: Value | None, world: World = WORLD) -> list[str]:
    return [say(option.label, world.language) for option in kind.options(so_far, world)]


def offered(kind: Scopes, so_far: Value | None) -> list[str]:
    return [option.value for option in kind.options(so_far, WORLD)]


# ── one scope ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "scope", "why"),
    [
        ("planning,crime|to,from", Scope(("planning", "crime")), "both ways"),
        ("crime,planning|from,to", Scope(("planning", "crime")), "in the order of the list"),
        ("planning|to", Scope(("planning",), (TO,)), "one way"),
        ("|", Scope((), ()), "nothing at all"),
        ("", Scope((), ()), "nor here"),
        ("planning", Scope(("planning",), ()), "no direction"),
        ("planning,secrets,crime|to,sideways", Scope(("planning", "crime"), (TO,)), "what is unknown is left out"),
        ("plan,crimes|tofrom", Scope((), ()), "and nothing is guessed"),
    ],
)
def test_a_written_scope_is_read_and_what_is_unknown_in_it_is_left_out(written: str, scope: Scope, why: str) -> None:
    assert Scope.read(written) == scope, why


subsets = st.builds(
    lambda kinds, ways: Scope(tuple(k for k in KINDS if k in kinds), tuple(w for w in (TO, FROM) if w in ways)),
    st.sets(st.sampled_from(KINDS)),
    st.sets(st.sampled_from((TO, FROM))),
)


@given(subsets)
def test_a_scope_is_read_as_it_was_written(scope: Scope) -> None:
    assert Scope.read(scope.written()) == scope


@given(subsets, st.sampled_from((*KINDS, TO, FROM)))
def test_a_turn_moves_one_thing_and_back_again(scope: Scope, what: str) -> None:
    turned = scope.turned(what, not scope.has(what))
    assert turned.has(what) is not scope.has(what)
    assert [other for other in (*KINDS, TO, FROM) if turned.has(other) != scope.has(other)] == [what]
    assert turned.turned(what, scope.has(what)) == scope


@pytest.mark.parametrize(("ways", "direction"), [((TO,), "to"), ((FROM,), "from"), ((TO, FROM), "both")])
def test_a_scope_has_one_direction_or_both(ways: tuple[str, ...], direction: str) -> None:
    assert Scope(("planning",), ways).direction == direction


# ── what is on the screen ────────────────────────────────────────────────────────────────────────────────────


def test_the_list_says_how_many_kinds_each_party_has() -> None:
    assert labels(TWO, BOTH) == [
        "Polisen: 2 slags uppgifter",
        "Skolan: 2 slags uppgifter",
        "Ändra för alla",
        "Klar",
    ]
    assert labels(ONE, {POLICE: "crime|to"}) == ["Polisen: 1 slags uppgifter", "Klar"], "one has no all"


def test_a_party_shows_its_kinds_and_both_directions() -> None:
    assert labels(TWO, {**BOTH, AT: SCHOOL}) == [
        "☑ Planering och möten",
        "☐ Boende och vardag",
        "☑ Skola och arbete",
        "☐ Brott och misstankar",
        "☐ Hot och säkerhet",
        "☐ Hälsa",
        "☐ Alkohol och droger",
        "☐ Familj och vänner",
        "☑ Vi får lämna uppgifter",
        "☑ Vi får hämta uppgifter",
        "Klar",
    ]


def test_for_all_a_kind_is_ticked_only_where_every_party_has_it() -> None:
    ticked = [label[2:] for label in labels(TWO, {**BOTH, AT: ALL}) if label.startswith("☑")]
    assert ticked == ["Planering och möten", "Vi får lämna uppgifter", "Vi får hämta uppgifter"]


# ── presses ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("presses", "after", "why"),
    [
        ([SCHOOL], {**BOTH, AT: SCHOOL}, "a party opens"),
        ([SCHOOL, "health"], {**BOTH, SCHOOL: "planning,occupation,health|to,from", AT: SCHOOL}, "a kind put in"),
        ([SCHOOL, "planning"], {**BOTH, SCHOOL: "occupation|to,from", AT: SCHOOL}, "a kind taken out"),
        ([SCHOOL, "health", "health"], {**BOTH, AT: SCHOOL}, "and back"),
        ([SCHOOL, TO], {**BOTH, SCHOOL: "planning,occupation|from", AT: SCHOOL}, "a direction taken out"),
        ([SCHOOL, "health", DONE], {**BOTH, SCHOOL: "planning,occupation,health|to,from"}, "Klar goes to the list"),
        (
            [ALL, "crime"],
            {POLICE: BOTH[POLICE], SCHOOL: "planning,occupation,crime|to,from", AT: ALL},
            "put in for those who lack it",
        ),
        ([ALL, "planning"], {POLICE: "crime|to,from", SCHOOL: "occupation|to,from", AT: ALL}, "taken out for all"),
        ([ALL, "crime", "crime"], {POLICE: "planning|to,from", SCHOOL: BOTH[SCHOOL], AT: ALL}, "first in, then out"),
        ([ALL, FROM], {POLICE: "planning,crime|to", SCHOOL: "planning,occupation|to", AT: ALL}, "a direction for all"),
    ],
)
def test_each_press_turns_one_thing(presses: list[str], after: dict[str, str], why: str) -> None:
    assert pressed(TWO, BOTH, *presses) == Partly(after), why


def test_klar_on_the_list_ends_it() -> None:
    assert pressed(TWO, BOTH, DONE) == Given(BOTH)
    assert pressed(TWO, BOTH, SCHOOL, DONE, DONE) == Given(BOTH)


@pytest.mark.parametrize(
    ("presses", "says", "why"),
    [
        ([POLICE, "planning", "crime", DONE], "Polisen: välj minst ett slags uppgifter.", "CON-3: not to nothing"),
        ([POLICE, TO, FROM, DONE], "Polisen: välj om ni får lämna eller hämta uppgifter.", "CON-3: nor in no way"),
        ([ALL, "planning", "crime", "crime", DONE], "Polisen: välj minst ett slags uppgifter.", "by way of all"),
        ([ALL, TO, FROM, DONE], "Polisen: välj om ni får lämna eller hämta uppgifter.", "by way of all"),
    ],
)
def test_what_lacks_a_kind_or_a_direction_is_refused_and_the_party_named(
    presses: list[str], says: str, why: str
) -> None:
    reply = pressed(TWO, BOTH, *presses)
    assert isinstance(reply, Refused), why
    assert (reply.fault, say(reply.words, "sv")) == ("too_few", says), why


def test_nothing_chosen_at_all_is_refused() -> None:
    assert isinstance(TWO.read(DONE, None, WORLD), Refused)


@pytest.mark.parametrize("at", [None, SCHOOL, ALL])
@pytest.mark.parametrize(
    "said", ["", " ", "nej", AT, EVERYTHING, "bup", "!save", "planning,crime|to", "secrets", "🙂", "x" * 10_000]
)
def test_what_is_no_button_is_refused(said: str, at: str | None) -> None:
    so_far = BOTH if at is None else {**BOTH, AT: at}
    reply = TWO.read(said, so_far, WORLD)
    assert isinstance(reply, Refused)
    assert reply.fault == "not_a_choice"


@pytest.mark.parametrize("said", ["crime", TO])
def test_a_kind_means_nothing_on_the_list_nor_a_party_inside(said: str) -> None:
    assert isinstance(TWO.read(said, BOTH, WORLD), Refused)
    assert isinstance(TWO.read(POLICE, {**BOTH, AT: SCHOOL}, WORLD), Refused)


@pytest.mark.parametrize(
    ("so_far", "said", "means"),
    [
        (BOTH, "Skolan", SCHOOL),
        (BOTH, "ändra för alla", ALL),
        (BOTH, "KLAR", DONE),
        ({**BOTH, AT: SCHOOL}, "Hälsa", "health"),
        ({**BOTH, AT: SCHOOL}, "vi får lämna uppgifter", TO),
    ],
)
def test_the_words_of_a_button_typed_do_what_it_does(so_far: dict[str, str], said: str, means: str) -> None:
    """As in the other lists, where nobody types the box in front of the words."""
    assert TWO.read(said, so_far, WORLD) == TWO.read(means, so_far, WORLD)


@given(st.lists(st.integers(min_value=0, max_value=30), max_size=25))
def test_any_run_of_presses_gives_what_holds_or_can_go_on(run: Sequence[int]) -> None:
    so_far: Value | None = dict(BOTH)
    for number in run:
        buttons = offered(TWO, so_far)
        assert len(set(buttons)) == len(buttons)
        reply = TWO.read(buttons[number % len(buttons)], so_far, WORLD)
        if isinstance(reply, Given):
            assert TWO.holds(reply.value, WORLD)
            assert TWO.show(reply.value, WORLD)
            return
        if isinstance(reply, Partly):
            so_far = reply.value


# ── what holds ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "holds", "why"),
    [
        (BOTH, True, "as it is written"),
        ({POLICE: BOTH[POLICE]}, False, "a party lacks"),
        ({**BOTH, "bup": "planning|to"}, False, "a party too many"),
        ({**BOTH, AT: SCHOOL}, False, "it still grows"),
        ({**BOTH, SCHOOL: "|to,from"}, False, "CON-3: no kind"),
        ({**BOTH, SCHOOL: "planning|"}, False, "CON-3: no direction"),
        ({**BOTH, SCHOOL: "crime,planning|to"}, False, "not in the order it is written in"),
        ({**BOTH, SCHOOL: "planning,secrets|to"}, False, "a kind there is not"),
        ({**BOTH, SCHOOL: "planning,planning|to"}, False, "twice"),
        ({**BOTH, SCHOOL: ""}, False, "nothing"),
        ({}, False, "nobody"),
        ([POLICE, SCHOOL], False, "a list"),
        ("planning|to", False, "a word"),
        (7, False, "a number"),
    ],
)
def test_what_holds(value: Any, holds: bool, why: str) -> None:
    assert TWO.holds(value, WORLD) is holds, why


def test_where_nobody_said_yes_there_is_nothing_to_hold() -> None:
    assert scopes().holds({}, WORLD)
    assert offered(scopes(), None) == [DONE]


# ── how it is said ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "said", "why"),
    [
        (
            BOTH,
            (
                "Polisen: planering och möten, brott och misstankar (vi lämnar och hämtar); "
                "Skolan: planering och möten, skola och arbete (vi lämnar och hämtar)"
            ),
            "each its own",
        ),
        (
            {POLICE: "planning|to", SCHOOL: "planning|to"},
            "Polisen, Skolan: planering och möten (vi lämnar)",
            "the same is said once",
        ),
        (
            {POLICE: "planning|to", SCHOOL: "planning|from"},
            "Polisen: planering och möten (vi lämnar); Skolan: planering och möten (vi hämtar)",
            "but not where the direction differs",
        ),
    ],
)
def test_how_it_is_said(value: dict[str, str], said: str, why: str) -> None:
    assert TWO.show(value, WORLD, NOTHING) == said, why


def test_a_configured_party_goes_by_its_name_and_all_is_said_in_english_too() -> None:
    named = scopes("Ungdomens hus")
    assert named.show({"Ungdomens hus": "health|from"}, WORLD) == "Ungdomens hus: hälsa (vi hämtar)"
    english = a_world(language="en")
    assert TWO.show(BOTH, english) != TWO.show(BOTH, WORLD)
    assert [label for label in labels(TWO, BOTH, english) if label in labels(TWO, BOTH)] == []


# ── saved and read back between two presses ──────────────────────────────────────────────────────────────────

FACTS = [
    Kept(CaseFact(case=OURS, fact="group", value="young_adult")),
    Kept(CaseFact(case=OURS, fact="age_group", value="21_29")),
]


def test_what_grows_survives_save_and_reload() -> None:
    """The talk puts its session into a store and reads it back at every turn."""
    talk = Talk(samtycke.DIALOG, a_world(shelf={OURS: FACTS}))
    talk.picks(OURS, "given", SCHOOL, DONE, "given", "meeting", EVERYTHING, "owed")
    talk.picks(CHANGE, f"{CHANGE}:kinds_subject", SCHOOL, "health", TO)
    usual = {POLICE: "planning,situation,crime,safety|to,from"}
    half = "planning,situation,occupation,safety,health|from"
    assert talk.held.growing == {**usual, SCHOOL: half, AT: SCHOOL}
    before = talk.screen
    stored = talk.store.session("s1")
    assert stored == talk.held
    assert talk.engine.current(talk.held, talk.world).screen == before
    talk.happened(talk.engine.ask_to_resume(talk.held, talk.world)).presses("Fortsätt")
    assert talk.screen.buttons == before.buttons, "called away in the middle, and back where one was"
    talk.picks(DONE, DONE)
    assert talk.held.answers["kinds_subject"] == {**usual, SCHOOL: half}
    (kept,) = talk.picks(SAVE).kept
    lines = kept.payload()["givers"][0]["lines"]
    assert (lines[1]["kinds"], lines[1]["direction"]) == (
        ["planning", "situation", "occupation", "safety", "health"],
        "from",
    )


def test_a_press_of_an_older_screen_turns_nothing() -> None:
    talk = Talk(samtycke.DIALOG, a_world(shelf={OURS: FACTS}))
    talk.picks(OURS, "given", DONE, "given", "meeting", EVERYTHING, "owed")
    talk.picks(CHANGE, f"{CHANGE}:kinds_subject", POLICE)
    old = talk.held.revision
    talk.picks("crime")
    held = talk.held.growing
    assert talk.sends("crime", old).names == ["PressWasStale"]
    assert talk.held.growing == held
