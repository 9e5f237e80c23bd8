"""The ledger beside the database: which bundles were made, and which records were purged.

A backup is a copy of the store as it was, so the store cannot say itself what happened after it. The ledger can: it is
a file of its own that is only added to, and every line is on the disk before what it tells of is done. It holds ids and
numbers, and nobody's data: a record's id leads to nothing once the record is gone. One command writes it at a time, see
:func:`state.store.at_work`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from state.disk import add_to, told, whole
from state.errors import DiskFailed, NotTheSame
from state.records import canonical

MOST_IN_A_LINE = 100
"""How many records one line names: about four kilobytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotedBundle:
    """A bundle that was made.

    :ivar number: from 1.
    :ivar first: the number of its first record in the chain.
    :ivar last: the number of its last.
    :ivar head: the hash of its last record.
    """

    number: int
    first: int
    last: int
    head: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotedPurge:
    """A purge that was begun; what it names may still be in the store, after a crash or in a backup.

    :ivar number: from 1.
    :ivar decision: the reference of the decision it rests on.
    :ivar at: when, in UTC.
    :ivar records: ids of the records.
    """

    number: int
    decision: str
    at: str
    records: frozenset[str]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the ledger says.

    :ivar bundles: by their numbers.
    :ivar purges: by their numbers, in the order they were begun.
    """

    bundles: Mapping[int, NotedBundle]
    purges: Mapping[int, NotedPurge]

    @property
    def highest_bundle(self) -> int:
        """The highest number a bundle has had, 0 where there was none."""
        return max(self.bundles, default=0)

    @property
    def purged(self) -> frozenset[str]:
        """Ids of every record that was purged."""
        return frozenset().union(*(one.records for one in self.purges.values()))


def read_ledger(path: Path) -> Ledger:
    """Read the ledger.

    :param path: the file; where there is none, nothing was made and nothing purged.
    :returns: what it says. A last line that a crash cut off says nothing: what it was to tell of was never done.
    :raises DiskFailed: it cannot be read, or a line of it was changed.
    """
    bundles: dict[int, NotedBundle] = {}
    purges: dict[int, tuple[str, str, set[str]]] = {}
    for place, line in enumerate(_lines(path), 1):
        try:
            held = json.loads(line)
            number = _whole(held["number"])
            match held["what"]:
                case "bundle":
                    ends = {name: _whole(held[name]) for name in ("first", "last")}
                    bundles[number] = NotedBundle(number=number, head=_word(held["head"]), **ends)
                case "purge":
                    begun = (_word(held["decision"]), _word(held["at"]), set[str]())
                    purges.setdefault(number, begun)[2].update(map(_word, held["records"]))
                case "kept":
                    purges[number][2].difference_update(map(_word, held["records"]))
                case what:
                    _no_line(what)
        except (ValueError, LookupError, TypeError):
            raise DiskFailed(
                f"{path}, line {place}: this line was changed, or a newer version of Lots wrote it; take the copy of "
                "the ledger that is with the backups"
            ) from None
    return Ledger(
        bundles,
        {
            number: NotedPurge(number=number, decision=decision, at=at, records=frozenset(records))
            for number, (decision, at, records) in purges.items()
        },
    )


def note_bundle(path: Path, *, number: int, first: int, last: int, head: str) -> None:
    """Note a bundle before it is written; one that is noted already is not noted again.

    :param path: the ledger; made where there is none.
    :param number: the bundle's.
    :param first: the number of its first record in the chain.
    :param last: the number of its last.
    :param head: the hash of its last record.
    :raises NotTheSame: another bundle has that number.
    :raises DiskFailed: the ledger cannot be read or written.
    """
    noted = read_ledger(path).bundles.get(number)
    if noted is None:
        _append(path, [{"what": "bundle", "number": number, "first": first, "last": last, "head": head}])
    elif noted.head != head:
        raise NotTheSame(
            f"{path}: bundle {number} was made before, of other records; a store that is not this ledger's stands here"
        )


def note_purge(path: Path, *, number: int, decision: str, at: str, records: Sequence[str]) -> None:
    """Note what is to be purged, before it is.

    :param path: the ledger; made where there is none.
    :param number: the purge's; a number that is noted already is gone on with.
    :param decision: the reference of the decision.
    :param at: when, in UTC.
    :param records: ids.
    :raises DiskFailed: the ledger cannot be written.
    """
    head = {"what": "purge", "number": number, "decision": decision, "at": at}
    _append(path, [head | {"records": part} for part in _in_parts(records)])


def note_kept(path: Path, *, number: int, records: Sequence[str]) -> None:
    """Note that records a purge was to take stay after all: it was cut off, and their case was opened again since.

    :param path: the ledger.
    :param number: the purge's.
    :param records: ids.
    :raises DiskFailed: the ledger cannot be written.
    """
    _append(path, [{"what": "kept", "number": number, "records": part} for part in _in_parts(records)])


def copy_ledger(path: Path, folder: Path) -> Path | None:
    """Put a copy of the ledger into a folder, whole or not at all.

    :param path: the ledger.
    :param folder: the folder of the backups.
    :returns: the copy; ``None`` where there is no such folder, or no ledger yet.
    :raises DiskFailed: the copy cannot be written.
    """
    if not folder.is_dir() or not path.exists():
        return None
    copy = folder / path.name
    with told(folder), whole(copy, alone=True) as file:
        file.writelines(_lines(path))
    return copy


def _in_parts(records: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(records), MOST_IN_A_LINE):
        yield list(records[start : start + MOST_IN_A_LINE])


def _lines(path: Path) -> Iterator[bytes]:
    """The whole lines; a tail that a crash left (no end, or bytes that never reached the disk) is passed over."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    except OSError as fault:
        raise DiskFailed(f"{path}: cannot be read ({fault.strerror}); see that the account of Lots may") from None
    with file, told(path):
        held = next(file, b"")
        for following in file:
            yield held
            held = following
        if held.endswith(b"\n") and b"\0" not in held:
            yield held


def _append(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """All lines are on the disk when this returns; where it does not, a torn tail at most is left of them."""
    if added := "".join(f"{canonical(line)}\n" for line in lines).encode():
        holds = sum(map(len, _lines(path)))
        with told(path):
            add_to(path, added, holds)


def _no_line(what: object) -> None:
    raise ValueError(what)


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError
    return value


def _word(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value
