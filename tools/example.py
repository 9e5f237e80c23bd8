"""The example of docs/overforing.md: makes docs/exempel/paket.tar.age anew from made-up cases, for `make example`.

What is in it is always the same; only the sealing differs each time. The key beside it is public on purpose.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from dialogs.records import CaseOpened, ConsentAsked, ConsentWithdrawn, Record, StaffThreat, TalkHeld
from state.ids import Seeded
from state.store import Bundle, Store
from state.transfer.bundle import Pace, packed, survey
from state.transfer.sealing import new_identity, read_identity, seal, unseal

FOLDER = Path(__file__).parent.parent / "docs" / "exempel"
KEY, SEALED = FOLDER / "nyckel.txt", FOLDER / "paket.tar.age"
BEGINS = datetime(2026, 11, 23, 14, 5, tzinfo=ZoneInfo("Europe/Stockholm"))
MADE_BY = "exempel"

GIVEN = {"answer": "given", "kinds": ["planning", "crime"], "direction": "both"}


def made_up(first: str, second: str, apart: str) -> list[Record]:
    """What a coordinator has saved in two cases, and once about a threat against staff.

    :param first: a case code.
    :param second: another.
    :param apart: a code that is no young person's case.
    :returns: the records in the order they were saved.
    """
    return [
        CaseOpened(case=first),
        TalkHeld.from_payload(
            {"case": first, "held": "yes", "occurred_on": "2026-11-20", "mode": "meeting", "held_by": "both"}
        ),
        ConsentAsked.from_payload(
            {
                "case": first,
                "asked_on": "2026-11-20",
                "valid_until": "2027-05-20",
                "age_group": "21_29",
                "givers": [
                    {
                        "giver": "subject",
                        "lines": [{"party": "police", **GIVEN}, {"party": "school", "answer": "refused"}],
                        "measure": "given",
                        "how": "meeting",
                        "interpreter": "no",
                        "explained": ["voluntary", "what", "to_whom", "withdrawal"],
                        "copy": "handed_over",
                    }
                ],
            }
        ),
        CaseOpened(case=second),
        TalkHeld.from_payload({"case": second, "held": "missed", "occurred_on": "2026-11-23"}),
        ConsentWithdrawn.from_payload(
            {
                "case": first,
                "withdrawn_on": "2026-11-23",
                "giver": "subject",
                "parties": ["police"],
                "needed": "yes",
                "how": "telephone",
                "pressed": "no",
            }
        ),
        StaffThreat.from_payload(
            {
                "case": apart,
                "reported_at": "2026-11-23T14:10+01:00",
                "danger": "no",
                "against": "self",
                "manager": "yes",
                "police": "no",
                "routine": "yes",
                "sig": "paused",
            }
        ),
    ]


def example() -> tuple[Store, Bundle]:
    """The sender's store, always the same, with its first bundle begun.

    :returns: the store, in memory, and the bundle.
    """
    store = Store(None, bytes(32), Seeded(7))
    with store.transaction():
        author = store.add_person(role="samordnare", district="Farsta", channel="web", address=None, now=BEGINS)
        for minutes, record in enumerate(made_up("KPK-KNR", "Q87-NM2", "TR7-5KP")):
            store.append(record, author, BEGINS + timedelta(minutes=minutes))
        store.installation()
        bundle = store.begin_bundle(BEGINS + timedelta(hours=3))
    assert bundle is not None  # noqa: S101 - there are records
    return store, bundle


def content(store: Store, bundle: Bundle) -> bytes:
    """The bundle as it is inside the seal.

    :param store: the sender's store.
    :param bundle: its bundle.
    :returns: a tar.
    """
    pace = Pace(bundle.last, None)
    return b"".join(packed(store, bundle, survey(store, bundle, pace), MADE_BY, pace))


def opened() -> bytes:
    """What is in the bundle that lies in the folder.

    :returns: a tar.
    """
    found: list[bytes] = []
    with SEALED.open("rb") as file:
        unseal(file, found.append, read_identity(KEY))
    return b"".join(found)


def main() -> None:
    """Makes the key where there is none, and the bundle."""
    if not KEY.exists():
        secret, recipient = new_identity()
        KEY.write_text(f"# Exempel ur docs/overforing.md. Alla kan läsa den.\n# public key: {recipient}\n{secret}\n")
    sealed = io.BytesIO()
    seal([content(*example())], sealed, [str(read_identity(KEY).to_public())])
    SEALED.write_bytes(sealed.getvalue())


if __name__ == "__main__":
    main()
