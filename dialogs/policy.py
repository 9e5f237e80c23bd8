"""What a deployment may set: numbers and groups that no law fixes, each with the rule that names them."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from typing import Literal, get_args

from dialogs.contacts import SHIPPED, Contacts

PLACE = re.compile("[A-Za-zÅÄÖåäö][A-Za-zÅÄÖåäö -]{1,39}")
"""The form of a district's or police area's name: it is stored, and stands on a button."""

LONGEST_PLACE = 48
"""Bytes of a configured name: it is carried by a button, whose 64 bytes hold the session and the revision too."""

LONGEST_REMINDER_MINUTES = 24 * 60
"""Whoever is reminded a day before, or a day after, is not helped by it."""

MOST_OTHER_PARTIES = 12
"""More would not be found on a phone."""

RESERVED = (
    *("parents", "measure", "all", "at", "done", "everything", "unknown", "new", "other"),
    *("given", "refused", "thinking", "not_reached", "not_asked", "unchanged", "withdrawn", "expired", "mistaken"),
)
"""Words that answers about parties are stored with; a party of a deployment's own cannot have them as its name."""

Group = Literal["youth", "young_adult"]

LONGEST_CONSENT_MONTHS = 12
"""A consent is never without an end, and never longer than this (CON-15)."""

LOWEST_EXIT_AGE, HIGHEST_EXIT_AGE = 18, 29
"""What the city's age limit for its exit unit may be: children are protected another way (THR-7)."""

PARTIES = (
    "police",
    "school",
    "kaa_jobbtorg",
    "health_care",
    "bup",
    "maria_ungdom",
    "probation",
    "employment_administration",
    "arbetsformedlingen",
    "exit_unit",
    "leisure",
    "civil_society",
    "other_social_committee",
)
"""The parties that ship (CON-1, CON-2); a deployment lists others by name."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The configured numbers, with the sources' own as defaults.

    :ivar suggest_assessment_at: the talk from which an assessment is suggested (MOT-1).
    :ivar ask_assessment_at: the talk from which an assessment is asked for (MOT-1); also the last of the usual talks.
    :ivar assessed_groups: the groups in which the number of talks leads to an assessment (MOT-1: unga vuxna).
    :ivar oldest_talk_days: how many days back a talk may lie.
    :ivar cancelled_ahead_days: how many days ahead a cancelled talk may lie.
    :ivar facts_stand_days: how long a case fact stands before it is asked for again.
    :ivar park_draft_hours: after how many hours untouched a draft is put aside.
    :ivar erase_draft_days: after how many days untouched a draft is erased.
    :ivar note_shown_minutes: after how many minutes a journal note or a copy that is shown is taken out of the chat.
    :ivar remind_before_minutes: how long before a referral is due its coordinators are reminded of it (THR-9).
    :ivar remind_after_minutes: how long after it was written somebody is reminded of what cannot wait (THR-9).
    :ivar consent_months: how many months a consent is proposed to last (CON-15).
    :ivar consent_longest_months: how many months it may last at most.
    :ivar oldest_consent_days: how many days back an answer about consent may lie.
    :ivar ends_soon_days: how many days before its end a consent is to be asked for again.
    :ivar purge_after_days: how many days a case must have been closed and received before it may be purged.
    :ivar law_read_days: after how many days a law text must be read again.
    :ivar other_parties: parties of the deployment's own, beside those that ship (CON-2).
    :ivar exit_parties: the parties that a referral to exit work concerns (CON-14; unconfirmed, so configuration).
    :ivar exit_age_limit: the city's age limit for its exit unit (THR-5, THR-7); never under 18.
    :ivar exit_path_open: whether a case may go to the exit unit straight from a local police area (THR-6).
    :ivar threat_rules_owner: which function has approved the threat table; empty while it is an example.
    :ivar threat_rules_approved: when, as an ISO date; empty while it is an example.
    :ivar contacts: whom to ring; from a file of its own (``LOTS_CONTACTS``), not from ``lots.toml``.
    :ivar districts: the districts that run SIG; what ships is Stockholm's of today (law.md 5).
    :ivar police_areas: the local police areas; what ships is police region Stockholm's (law.md 5).
    :raises ValueError: the numbers contradict each other.
    """

    suggest_assessment_at: int = 3
    ask_assessment_at: int = 5
    assessed_groups: tuple[Group, ...] = ("young_adult",)
    oldest_talk_days: int = 365
    cancelled_ahead_days: int = 60
    facts_stand_days: int = 183
    park_draft_hours: int = 24
    erase_draft_days: int = 7
    note_shown_minutes: int = 10
    remind_before_minutes: int = 120
    remind_after_minutes: int = 60
    consent_months: int = 6
    consent_longest_months: int = 12
    oldest_consent_days: int = 60
    ends_soon_days: int = 30
    purge_after_days: int = 30
    law_read_days: int = 365
    other_parties: tuple[str, ...] = ()
    exit_parties: tuple[str, ...] = ("police", "probation", "arbetsformedlingen", "exit_unit")
    exit_age_limit: int = LOWEST_EXIT_AGE
    exit_path_open: bool = False
    threat_rules_owner: str = ""
    threat_rules_approved: str = ""
    contacts: Contacts = SHIPPED
    districts: tuple[str, ...] = (
        "Enskede-Årsta-Vantör",
        "Farsta",
        "Hässelby-Vällingby",
        "Järva",
        "Skarpnäck",
        "Skärholmen",
    )
    police_areas: tuple[str, ...] = (
        "Botkyrka",
        "Farsta",
        "Globen",
        "Gotland",
        "Haninge",
        "Huddinge",
        "Järfälla",
        "Järva",
        "Lidingö-Kungsholmen",
        "Nacka",
        "Norra innerstaden",
        "Norrtälje",
        "Skärholmen",
        "Sollentuna",
        "Solna",
        "Södermalm",
        "Södertälje",
        "Södra Roslagen",
        "Vällingby",
    )

    def __post_init__(self) -> None:
        numbers = [field.name for field in fields(self) if isinstance(field.default, int)]
        for name in (name for name in numbers if name != "exit_path_open"):
            if not isinstance(value := getattr(self, name), int) or value < 1:
                raise ValueError(f"policy: {name} is {value!r}; it must be a whole number from 1")
        for name in ("remind_before_minutes", "remind_after_minutes"):
            if getattr(self, name) > LONGEST_REMINDER_MINUTES:
                raise ValueError(f"policy: {name} is {getattr(self, name)}; it is at most {LONGEST_REMINDER_MINUTES}")
        if not 1 <= self.suggest_assessment_at <= self.ask_assessment_at:
            raise ValueError(
                f"policy: suggest_assessment_at ({self.suggest_assessment_at}) must be at least 1 and not above "
                f"ask_assessment_at ({self.ask_assessment_at})"
            )
        if self.erase_draft_days * 24 < self.park_draft_hours:
            raise ValueError("policy: a draft cannot be erased before it is parked; see erase_draft_days")
        self._check_consent_rules()
        self._check_threat_rules()
        if unknown := set(self.assessed_groups) - set(get_args(Group)):
            raise ValueError(f"policy: assessed_groups has {sorted(unknown)}; known are {', '.join(get_args(Group))}")
        self._check_names()

    def _check_consent_rules(self) -> None:
        """CON-15: a consent is never without an end; CON-2: a party has one name."""
        if self.consent_longest_months > LONGEST_CONSENT_MONTHS:
            raise ValueError(
                f"policy: consent_longest_months is {self.consent_longest_months}; a consent lasts at most "
                f"{LONGEST_CONSENT_MONTHS} months"
            )
        if self.consent_months > self.consent_longest_months:
            raise ValueError("policy: consent_months is above consent_longest_months")
        if strange := set(self.exit_parties) - {*PARTIES, *self.other_parties}:
            raise ValueError(f"policy: exit_parties has {sorted(strange)}; known are {', '.join(PARTIES)}")
        if len(self.other_parties) > MOST_OTHER_PARTIES:
            raise ValueError(f"policy: other_parties has {len(self.other_parties)}; at most {MOST_OTHER_PARTIES} do")
        if taken := {name for name in self.other_parties if name.casefold() in (*PARTIES, *RESERVED)}:
            raise ValueError(f"policy: other_parties has {sorted(taken)}; these words mean something else in Lots")

    def _check_names(self) -> None:
        """What stands on a button, and is carried by it."""
        for name in ("districts", "police_areas", "other_parties"):
            for place in getattr(self, name):
                if not isinstance(place, str) or not PLACE.fullmatch(place):
                    raise ValueError(f"policy: {name} has {place!r}; a name is 2 to 40 letters, blanks and hyphens")
                if len(place.encode()) > LONGEST_PLACE:
                    raise ValueError(
                        f"policy: {name} has {place!r}; it has {len(place.encode())} bytes and a button holds "
                        f"{LONGEST_PLACE}, where å, ä and ö are two each"
                    )

    def _check_threat_rules(self) -> None:
        """THR-7; and the threat table is approved by a function on a day, or it is an example."""
        if not LOWEST_EXIT_AGE <= self.exit_age_limit <= HIGHEST_EXIT_AGE:
            raise ValueError(
                f"policy: exit_age_limit is {self.exit_age_limit}; it must be from {LOWEST_EXIT_AGE} "
                f"to {HIGHEST_EXIT_AGE}: nobody under {LOWEST_EXIT_AGE} is referred to the exit unit (THR-7)"
            )
        if not self.threat_rules_owner and not self.threat_rules_approved:
            return
        if not PLACE.fullmatch(self.threat_rules_owner):
            raise ValueError(
                f"policy: threat_rules_owner is {self.threat_rules_owner!r}; name the function that approved the "
                "threat table, in 2 to 40 letters, blanks and hyphens"
            )
        try:
            date.fromisoformat(self.threat_rules_approved)
        except ValueError:
            raise ValueError(
                f"policy: threat_rules_approved is {self.threat_rules_approved!r}; it must be a date like 2026-11-23"
            ) from None
