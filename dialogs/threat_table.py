"""The threat table on paper, for those who review and approve it: every row, its rules and their sources.

In Swedish only, since it is the city's rules that are reviewed. ``lots diagram hotbild`` prints it, and
``docs/hotbildstabellen.md`` is made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dialogs.policy import Policy
from dialogs.rules.catalogue import BUILT, SOURCES
from dialogs.rules.threats import ALSO, HOW_FAST, NOT_CONTACTED, SKIPPED, TABLE, WHO, Row
from dialogs.texts import say
from dialogs.threat_words import ACT_WORDS, HOW_FAST_WORDS, LABELS, RECEIVERS, answer_words

LANGUAGE = "sv"

_OWN_LABELS = {"receiver": "Mottagare", "unit_consent": "Samtycke till avhopparverksamheten"}
"""What a row looks at beside what is asked: what another row gave, and what is looked up."""


def table_lines(policy: Policy) -> Iterator[str]:
    """The whole table as Markdown.

    :param policy: the age limit, the path of THR-6, and who has approved the table.
    :returns: lines.
    """
    yield f"Tabell {TABLE}. {_approved(policy)}"
    yield ""
    yield f"Åldersgräns för avhopparverksamheten: {policy.exit_age_limit} år. {_path(policy)}"
    yield ""
    yield from _part("Vem som ska kontaktas", WHO, RECEIVERS, "kontakta")
    yield from _part("Hur snabbt", HOW_FAST, HOW_FAST_WORDS, "hur snabbt")
    doing = [row for row in ALSO if row.gives not in NOT_CONTACTED]
    yield from _part("Vad mer som ska göras", doing, ACT_WORDS, "gör")
    not_doing = [row for row in ALSO if row.gives in NOT_CONTACTED]
    yield from _part("Vem som inte ska kontaktas", not_doing, ACT_WORDS, "gör")
    yield "## Reglerna"
    yield ""
    yield "| regel | vad den säger | källa |"
    yield "| --- | --- | --- |"
    for rule in dict.fromkeys(rule for row in (*WHO, *HOW_FAST, *ALSO) for rule in row.rules):
        yield f"| {rule} | {say(BUILT[rule].words, LANGUAGE)} | {_sources(rule)} |"


def _approved(policy: Policy) -> str:
    if not policy.threat_rules_owner:
        return "Regler och tider är exempel, ej beslutade."
    return f"Regler och tider är beslutade av {policy.threat_rules_owner} den {policy.threat_rules_approved}."


def _path(policy: Policy) -> str:
    return f"Vägen direkt från lokalpolisområdet (THR-6) är {'öppen' if policy.exit_path_open else 'stängd'}."


def _part(heading: str, rows: Sequence[Row], words: Mapping[str, str], gives: str) -> Iterator[str]:
    yield f"## {heading}"
    yield ""
    yield f"| rad | när | {gives} | regler |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        yield f"| {row.id} | {_when(row)} | {say(words[row.gives], LANGUAGE)} | {', '.join(row.rules)} |"
    yield ""


def _when(row: Row) -> str:
    if not row.when:
        return "alltid"
    return "; ".join(f"{_label(name)}: {_values(name, values)}" for name, values in row.when.items())


def _label(name: str) -> str:
    return _OWN_LABELS[name] if name in _OWN_LABELS else say(LABELS[name], LANGUAGE)


def _values(name: str, values: Sequence[str]) -> str:
    return " / ".join(_value(name, value) for value in values)


def _value(name: str, value: str) -> str:
    if value == SKIPPED:
        return "frågas inte"
    if name == "receiver":
        return say(RECEIVERS[value], LANGUAGE)
    if name == "unit_consent":
        return say(answer_words("consent", value), LANGUAGE)
    return say(answer_words(name, value), LANGUAGE)


def _sources(rule: str) -> str:
    return ", ".join(say(SOURCES[source], LANGUAGE) for source in BUILT[rule].source.split(", "))
