"""`docs/samtyckesposten.md`: every field of a consent's records has its place in ISO/IEC TS 27560 and in FHIR."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from dialogs.records import (
    ConsentAsked,
    ConsentCorrected,
    ConsentWithdrawn,
    CopySettled,
    GiverAnswers,
    Part,
    PartyAnswer,
)

TEXT = (Path(__file__).parent.parent / "docs" / "samtyckesposten.md").read_text(encoding="utf-8")

ISO_27560 = {
    "schema_version",
    "record_id",
    "pii_principal_id",
    "privacy_notice",
    "language",
    "purposes",
    "purpose",
    "lawful_basis",
    "pii_information",
    "pii_controllers",
    "collection_method",
    "processing_method",
    "storage_locations",
    "retention_period",
    "processing_locations",
    "geographic_restrictions",
    "services",
    "jurisdiction",
    "recipient_third_parties",
    "withdrawal_method",
    "privacy_rights",
    "codes_of_conduct",
    "impact_assessment",
    "authority_party",
    "party_id",
    "party_address",
    "party_email",
    "party_url",
    "party_phone",
    "party_name",
    "party_role",
    "party_contact",
    "party_type",
    "event_time",
    "validity_duration",
    "entity_id",
    "event_type",
    "event_state",
}
"""The fields of the record, as DPVCG's guide of 2024-08-01 lists them (https://w3id.org/dpv/guides/consent-27560)."""

FHIR_R5 = {
    "meta.profile",
    "meta.lastUpdated",
    "extension",
    "identifier",
    "status",
    "category",
    "subject",
    "subject.identifier",
    "date",
    "period",
    "period.start",
    "period.end",
    "grantor",
    "grantee",
    "manager",
    "controller",
    "sourceAttachment",
    "sourceReference",
    "regulatoryBasis",
    "policyBasis",
    "policyText",
    "verification.verified",
    "verification.verificationType",
    "verification.verifiedBy",
    "verification.verificationDate",
    "decision",
    "provision",
    "provision.actor",
    "provision.action",
    "provision.purpose",
    "provision.code",
    "provision.period",
}
"""The elements of Consent in R5 (https://hl7.org/fhir/R5/consent.html)."""

ENVELOPE = {"id", "schema", "case", "kind", "occurred_at", "recorded_at", "author", "district"}
"""What a receiver keeps of the envelope; the rest of it is the chain's."""


def table(title: str) -> dict[str, tuple[str, str]]:
    """The rows of the table under a heading: (27560, FHIR) by field."""
    part = TEXT.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line[:1] == "|"]
    return {row[0].strip("`"): (row[-2], row[-1]) for row in rows[2:]}


PARTS: dict[str, type[Part]] = {
    "Tillfället": ConsentAsked,
    "Givaren": GiverAnswers,
    "Svaret": PartyAnswer,
    "Återkallelsen": ConsentWithdrawn,
    "Rättelsen": ConsentCorrected,
    "Kopian": CopySettled,
}


@pytest.mark.parametrize("title", PARTS)
def test_every_field_of_a_part_is_in_its_table(title: str) -> None:
    assert set(table(title)) == {field.name for field in fields(PARTS[title])} - {"case"}


def test_the_envelope_is_in_its_table() -> None:
    assert set(table("Kuvertet")) == ENVELOPE


@pytest.mark.parametrize("title", [*PARTS, "Kuvertet"])
def test_what_is_named_is_in_the_standards(title: str) -> None:
    for field, (iso, fhir) in table(title).items():
        assert set(re.findall(r"`([^`]+)`", iso)) <= ISO_27560, field
        assert {name.removeprefix("Consent.") for name in re.findall(r"`([^`]+)`", fhir)} <= FHIR_R5, field
        assert iso == "–" or "`" in iso, field


def test_every_answer_has_its_status_and_only_a_yes_permits() -> None:
    """CON-13."""
    held = table("De åtta svaren")
    assert set(held) == {
        *("given", "refused", "thinking", "not_reached", "not_asked", "withdrawn", "expired", "mistaken")
    }
    assert [answer for answer, (_, fhir) in held.items() if "permit" in fhir] == ["given"]


def test_what_the_standard_wants_and_lots_has_not_is_said() -> None:
    named = set(re.findall(r"`([a-z_]+)`", TEXT.split("## Det standarden kräver", 1)[1]))
    assert named <= ISO_27560
    assert {"purposes", "lawful_basis", "storage_locations", "retention_period", "jurisdiction"} <= named
