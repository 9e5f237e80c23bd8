"""Records: what may be in one, what is refused, and that the chain shows what was changed."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogs.arende import record_words
from dialogs.case_code import ALPHABET, SHAPE
from dialogs.records import BadRecord, CaseFact, CaseOpened, Part, Record, TalkHeld
from dialogs.registry import KINDS
from dialogs.texts import say
from state.errors import BrokenChain
from state.ids import Secret, Seeded, Source, short_id, uuid7
from state.records import GENESIS, Envelope, Link, Tombstone, canonical, digest_of, sealed, verify
from state.schema import records_schema
from tests.sample_dialog import VisitMade
from tests.talk import MONDAY, OURS, OURS_TOO, REAL

ALL_KINDS: dict[str, type[Record]] = {**KINDS, VisitMade.kind: VisitMade}
"""Those of the registry, and one with a whole number."""

TALK = {"case": OURS, "held": "yes", "occurred_on": "2026-11-23"}


def chain(*records: Record) -> list[Envelope]:
    """Records as a store writes them, a minute between them."""
    source = Seeded(1)
    held: list[Envelope] = []
    for number, record in enumerate(records, 1):
        at = MONDAY + timedelta(minutes=number)
        held.append(
            sealed(
                seq=number,
                id_=uuid7(source, at),
                record=record,
                author="p-me",
                district="Farsta",
                recorded_at=at.astimezone(UTC).isoformat(timespec="milliseconds"),
                salt=f"{source.bits(128):032x}",
                previous=held[-1].hash if held else GENESIS,
            )
        )
    return held


CHAIN = chain(
    CaseOpened(case=OURS),
    TalkHeld.from_payload(TALK),
    CaseFact(case=OURS, fact="group", value="youth"),
    TalkHeld.from_payload({**TALK, "occurred_on": "2026-11-24"}),
)


def resealed(held: Envelope, **changed: Any) -> Envelope:
    """A record that was changed by one who knows how it is sealed, and does not rewrite what follows."""
    new = replace(held, **changed)
    return sealed(
        seq=new.seq,
        id_=new.id,
        record=new.record,
        author=new.author,
        district=new.district,
        recorded_at=new.recorded_at,
        salt=new.salt,
        previous=new.previous,
    )


# ── the chain ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_whole_chain_verifies_and_is_counted() -> None:
    assert verify(CHAIN) == 4
    assert verify([]) == 0
    assert verify(iter(CHAIN)) == 4, "read one by one"


OTHER_TALK = TalkHeld.from_payload({**TALK, "held": "missed"})
CHANGES: dict[str, Any] = {
    "seq": 3,
    "id": "0198c0de-0000-7000-8000-000000000000",
    "kind": "case_opened",
    "schema": 2,
    "author": "p-other",
    "district": "Järva",
    "occurred_at": "2026-11-22",
    "recorded_at": "2026-11-23T13:07:00.001+00:00",
    "record": OTHER_TALK,
    "salt": "00" * 16,
    "digest": "00" * 32,
    "previous": "00" * 32,
    "hash": "00" * 32,
}


@pytest.mark.parametrize("field", [field.name for field in fields(Envelope)])
def test_whatever_is_changed_in_a_record_shows(field: str) -> None:
    changed = replace(CHAIN[1], **{field: CHANGES[field]})
    assert changed != CHAIN[1]
    with pytest.raises(BrokenChain, match=re.escape(f"({changed.id})")) as fault:
        verify([CHAIN[0], changed, *CHAIN[2:]])
    assert fault.value.code == "L303"


@pytest.mark.parametrize("field", ["seq", "id", "author", "district", "recorded_at", "record", "salt", "previous"])
def test_whatever_is_changed_and_sealed_anew_shows_in_the_next_record(field: str) -> None:
    changed = resealed(CHAIN[1], **{field: CHANGES[field]})
    with pytest.raises(BrokenChain):
        verify([CHAIN[0], changed, *CHAIN[2:]])


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ([CHAIN[0], *CHAIN[2:]], "one was taken out of the middle"),
        (CHAIN[1:], "the first was taken away"),
        ([CHAIN[0], CHAIN[2], CHAIN[1], CHAIN[3]], "two have changed places"),
        ([CHAIN[0], CHAIN[1], CHAIN[1], *CHAIN[2:]], "one stands twice"),
        ([*CHAIN, *CHAIN], "all stand twice"),
        (list(reversed(CHAIN)), "the order is turned round"),
    ],
)
def test_what_is_missing_or_moved_shows(held: list[Envelope], why: str) -> None:
    with pytest.raises(BrokenChain):
        verify(held)


def test_what_is_missing_or_moved_shows_also_when_the_numbers_are_put_right() -> None:
    def renumbered(held: list[Envelope]) -> list[Envelope]:
        return [resealed(one, seq=number) for number, one in enumerate(held, 1)]

    assert verify(renumbered(CHAIN)) == 4
    for held in ([CHAIN[0], *CHAIN[2:]], [CHAIN[0], CHAIN[2], CHAIN[1], CHAIN[3]]):
        with pytest.raises(BrokenChain, match="does not follow"):
            verify(renumbered(held))


def test_a_record_that_was_put_in_shows() -> None:
    put_in = resealed(CHAIN[1], id="0198c0de-0000-7000-8000-000000000000", seq=3, previous=CHAIN[1].hash)
    after = [resealed(one, seq=one.seq + 1) for one in CHAIN[2:]]
    with pytest.raises(BrokenChain, match="does not follow"):
        verify([*CHAIN[:2], put_in, *after])


def test_the_fault_says_how_many_are_missing_and_where() -> None:
    with pytest.raises(BrokenChain, match=r"record 4 .* record 2 should be: 2 are missing"):
        verify([CHAIN[0], CHAIN[3]])


def test_the_digest_is_salted_so_that_a_short_code_cannot_be_found_by_trying() -> None:
    same = chain(CaseOpened(case=OURS), CaseOpened(case=OURS))
    assert same[0].salt != same[1].salt
    assert same[0].digest != same[1].digest
    assert digest_of(same[0].record.payload(), same[0].salt) == same[0].digest
    assert re.fullmatch("[0-9a-f]{32}", same[0].salt)


def test_the_same_thing_has_one_form_only() -> None:
    assert canonical({"b": 1, "a": "Ö"}) == canonical({"a": "Ö", "b": 1}) == '{"a":"Ö","b":1}'
    assert canonical([1, "a", None, True]) == '[1,"a",null,true]'


# ── ids ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("source", [Secret(), Seeded(7)], ids=["secret", "seeded"])
def test_ids_are_uuids_of_version_7_and_sort_by_time(source: Source) -> None:
    times = [MONDAY + timedelta(milliseconds=n) for n in range(200)]
    ids = [uuid7(source, at) for at in times]
    assert ids == sorted(ids)
    assert len({uuid7(source, MONDAY) for _ in range(200)}) == 200, "also within a millisecond"
    for at, id_ in zip(times, ids, strict=True):
        parsed = uuid.UUID(id_)
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
        assert parsed.int >> 80 == int(at.timestamp() * 1000)


def test_a_seed_gives_the_same_ids_and_short_ones_have_no_look_alikes() -> None:
    assert short_id(Seeded(3), 24) == short_id(Seeded(3), 24) != short_id(Seeded(4), 24)
    letters = set("".join(short_id(Secret()) for _ in range(500)))
    assert len(short_id(Secret())) == 8
    assert not letters & set("lo01")
    assert len(letters) > 25


# ── payloads ─────────────────────────────────────────────────────────────────────────────────────────────────

CODES = st.builds(
    lambda first, rest: f"{first}{rest[:2]}-{rest[2:]}",
    st.sampled_from("Ö" + ALPHABET),
    st.text(ALPHABET, min_size=5, max_size=5),
)


def _at(minute: int) -> datetime:
    at = datetime.fromtimestamp(minute * 60, ZoneInfo("Europe/Stockholm"))
    return at.replace(tzinfo=timezone(at.utcoffset() or timedelta()))


MOMENTS = st.integers(15_770_000, 60_000_000).map(_at)
"""Times as a record keeps them: whole minutes with their offset."""


def a_field(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) is Union or type(None) in get_args(hint):
        return st.one_of(*(st.none() if arg is type(None) else a_field(arg) for arg in get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(a_field(get_args(hint)[0]), min_size=1, max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Part):
        return parts_of(hint)
    if get_origin(hint) is Annotated:
        _, shape, _longest = get_args(hint)
        return CODES if shape is SHAPE else st.from_regex(shape, fullmatch=True)
    return {date: st.dates(), datetime: MOMENTS, int: st.integers(), str: CODES}[hint]


P = TypeVar("P", bound=Part)


def parts_of(kind: type[P]) -> st.SearchStrategy[P]:
    """Every record of a kind, or part of one, from its fields alone."""
    hints = get_type_hints(kind, include_extras=True)
    return st.builds(kind, **{field.name: a_field(hints[field.name]) for field in fields(kind)})


any_record = st.sampled_from(sorted(ALL_KINDS)).flatmap(lambda name: parts_of(ALL_KINDS[name]))


@given(any_record)
def test_a_payload_is_plain_json_and_is_read_back_as_it_was(record: Record) -> None:
    payload = json.loads(json.dumps(record.payload()))
    assert type(record).from_payload(payload) == record
    assert None not in payload.values()


@given(any_record)
def test_the_schema_takes_what_a_record_writes(record: Record) -> None:
    schema = type(record).json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    validator.validate(record.payload())


@given(any_record, st.sampled_from(["sv", "en"]))
def test_every_record_there_is_has_a_name_under_varfor(record: Record, language: str) -> None:
    if record.kind != VisitMade.kind:
        assert say(record_words(record), language)


BAD: list[tuple[str, dict[str, Any], str, str]] = [
    ("talk_held", {**TALK, "name": "Kalle"}, "name", "a field there is not"),
    ("talk_held", {"case": OURS, "held": "yes"}, "talk_held.occurred_on", "a field is missing"),
    ("talk_held", {}, "talk_held.case", "all are missing"),
    ("talk_held", {**TALK, "held": "perhaps"}, "talk_held.held", "a choice there is not"),
    ("talk_held", {**TALK, "held": None}, "talk_held.held", "nothing, where something must be"),
    ("talk_held", {**TALK, "mode": "letter"}, "talk_held.mode", "the same where it may be left out"),
    ("talk_held", {**TALK, "occurred_on": "2026-11-31"}, "talk_held.occurred_on", "no such day"),
    ("talk_held", {**TALK, "occurred_on": "igår"}, "talk_held.occurred_on", "a word for a day"),
    ("talk_held", {**TALK, "occurred_on": "20261123"}, "talk_held.occurred_on", "a date of another form"),
    ("talk_held", {**TALK, "occurred_on": 20261123}, "talk_held.occurred_on", "a number for a day"),
    ("talk_held", {**TALK, "case": "K7M"}, "talk_held.case", "half a code"),
    ("talk_held", {**TALK, "case": "Kalle Svensson"}, "talk_held.case", "a name for a code"),
    ("talk_held", {**TALK, "case": OURS.lower()}, "talk_held.case", "small letters"),
    ("talk_held", {**TALK, "case": f"{OURS}\n"}, "talk_held.case", "a line end after it"),
    ("talk_held", {**TALK, "case": 7}, "talk_held.case", "a number"),
    ("talk_held", {**TALK, "case": ["K"]}, "talk_held.case", "a list"),
    ("visit_made", {"case": OURS, "minutes": True}, "visit_made", "a yes for a number"),
    ("visit_made", {"case": OURS, "minutes": "45"}, "visit_made", "digits for a number"),
    ("visit_made", {"case": OURS, "minutes": 4.5}, "visit_made", "half a minute"),
    ("case_fact", {"case": OURS, "fact": "name", "value": "Kalle"}, "case_fact.fact", "a fact that is not kept"),
    ("case_opened", {"case": OURS, "note": ""}, "note", "nothing is free text, not even an empty one"),
]
A_VISIT: dict[str, Any] = {
    "occurred_on": "2026-11-23",
    "people": 1,
    "police_told": "no",
    "minutes": 45,
    "place": "home",
}


@pytest.mark.parametrize(("kind", "payload", "where", "why"), BAD)
def test_a_payload_that_is_not_of_its_kind_is_refused_by_name_of_the_field(
    kind: str, payload: dict[str, Any], where: str, why: str
) -> None:
    whole = {**A_VISIT, **payload} if kind == "visit_made" else payload
    with pytest.raises(BadRecord) as fault:
        ALL_KINDS[kind].from_payload(whole)
    assert where in str(fault.value), why


@pytest.mark.parametrize(("kind", "payload", "where", "why"), BAD)
def test_the_schema_refuses_what_a_record_refuses(kind: str, payload: dict[str, Any], where: str, why: str) -> None:
    whole = {**A_VISIT, **payload} if kind == "visit_made" else payload
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(ALL_KINDS[kind].json_schema(), format_checker=checker)
    assert not validator.is_valid(whole), why


@given(any_record, st.data())
def test_the_schema_and_the_reader_agree_on_a_payload_with_one_thing_changed(
    record: Record, data: st.DataObject
) -> None:
    payload = record.payload()
    field = data.draw(st.sampled_from(sorted(payload)))
    changed = {**payload, field: data.draw(st.text(max_size=9) | st.integers() | st.booleans() | st.none() | CODES)}
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    takes = jsonschema.Draft202012Validator(type(record).json_schema(), format_checker=checker).is_valid(changed)
    try:
        type(record).from_payload(changed)
    except BadRecord:
        assert not takes
    else:
        assert takes


def test_what_is_not_set_is_not_written() -> None:
    assert TalkHeld.from_payload(TALK).payload() == TALK
    assert TalkHeld.from_payload({**TALK, "mode": "video"}).payload() == {**TALK, "mode": "video"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_says_what_it_is(kind: str) -> None:
    schema = KINDS[kind].json_schema()
    assert KINDS[kind].kind == kind
    assert schema["description"].endswith(".")
    assert schema["additionalProperties"] is False
    assert "case" in schema["required"]


# ── the envelope as JSON ─────────────────────────────────────────────────────────────────────────────────────


def lines(held: list[Envelope]) -> Iterator[dict[str, Any]]:
    yield from (json.loads(json.dumps(one.as_json(), ensure_ascii=False)) for one in held)


ENVELOPES = jsonschema.Draft202012Validator(
    records_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def test_the_schema_of_the_lines_takes_every_line() -> None:
    jsonschema.Draft202012Validator.check_schema(records_schema())
    for line in lines(CHAIN):
        ENVELOPES.validate(line)
        assert list(line) == [name for name in records_schema()["properties"] if name != "purge"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda line: line | {"kind": "talk_hold"}, "a kind there is not"),
        (lambda line: line | {"payload": {}}, "a payload that is not of its kind"),
        (lambda line: line | {"kind": "case_fact"}, "the payload of another kind"),
        (lambda line: line | {"name": "Kalle"}, "a field there is not"),
        (lambda line: {k: v for k, v in line.items() if k != "salt"}, "a field is missing"),
        (lambda line: line | {"seq": 0}, "records are counted from one"),
        (lambda line: line | {"hash": "00"}, "half a hash"),
        (lambda line: line | {"id": "7"}, "an id of another form"),
    ],
)
def test_the_schema_of_the_lines_refuses_other_lines(
    change: Callable[[dict[str, Any]], dict[str, Any]], why: str
) -> None:
    (line,) = lines(CHAIN[1:2])
    assert not ENVELOPES.is_valid(change(line)), why


def buried(held: Envelope) -> Tombstone:
    """What is left of a record when it is purged."""
    return Tombstone(
        **{field.name: getattr(held, field.name) for field in fields(Tombstone) if field.name != "purge"}, purge=1
    )


def test_a_chain_in_which_records_were_purged_still_holds_and_every_line_is_as_the_schema_says() -> None:
    links: list[Link] = [buried(CHAIN[0]), buried(CHAIN[1]), *CHAIN[2:]]
    assert verify(links) == 4
    for held in links:
        ENVELOPES.validate(json.loads(json.dumps(held.as_json())))
    assert set(links[0].as_json()) == {*records_schema()["required"], "purge"}
    assert OURS not in json.dumps([held.as_json() for held in links[:2]]), "the case code is gone"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"case": OURS}, "the case code is left"),
        ({"payload": TALK}, "the payload is left"),
        ({"payload": {}}, "an empty one too"),
        ({"salt": "00" * 16}, "the salt is left"),
        ({"purge": 0}, "purges are counted from one"),
        ({"purge": None}, "no purge took it"),
        ({"digest": None}, "nothing to hold it by"),
    ],
)
def test_the_schema_refuses_what_is_not_quite_purged(change: dict[str, Any], why: str) -> None:
    line = buried(CHAIN[1]).as_json()
    assert ENVELOPES.is_valid(line)
    changed = {name: value for name, value in (line | change).items() if value is not None}
    assert not ENVELOPES.is_valid(changed), why


def test_a_record_says_when_it_happened_or_else_when_it_was_written() -> None:
    assert CHAIN[1].occurred_at == "2026-11-23"
    assert CHAIN[0].occurred_at == CHAIN[0].recorded_at
    assert datetime.fromisoformat(CHAIN[0].recorded_at) == MONDAY + timedelta(minutes=1)


def test_real_codes_and_codes_of_practice_are_both_case_codes() -> None:
    for code in (OURS, OURS_TOO, REAL):
        assert CaseOpened.from_payload({"case": code}).case == code
