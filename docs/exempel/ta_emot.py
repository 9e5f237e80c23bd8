"""En mottagare av paket från Lots, skriven för att läsas. Formatet står i docs/overforing.md.

    age --decrypt -i nyckel.txt paket.tar.age | python3 ta_emot.py MAPP [--avvisa ID=SKÄL …]

Paketet läggs i MAPP och kontrolleras. Sedan skrivs vad som ska in i verksamhetssystemet, och kvittensen görs.
Programmet behöver bara Python 3.11. I er egen mottagare byter ni `take_in` mot det som ert system gör.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
import re
import shutil
import sys
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import IO, Any

ALLOWED = re.compile(
    r"manifest\.json|records\.ndjson|schema\.json|tables/records-\d{3,}\.(csv|xlsx)"
    r"|journal/(apart/)?[0-9A-Z]{3}-[0-9A-Z]{3}\.(txt|pdf)"
)
BOOKKEEPING = {"transferred", "received", "declined"}
SEEN = "mottagna.json"
HASHED = (
    *("seq", "id", "kind", "schema", "author", "district", "occurred_at", "recorded_at"),
    *("digest", "previous"),
)


class Refused(Exception):
    """Paketet tas inte emot, och varför."""


def same(value: Any) -> bytes:
    """JSON som alltid blir samma tecken: det är dem som hasharna är gjorda av."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def unpack(stream: IO[bytes], folder: Path) -> dict[str, tuple[int, str]]:
    """Packar upp, och ger varje fils längd och SHA-256. Bara vanliga filer med kända namn tas emot."""
    found: dict[str, tuple[int, str]] = {}
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member)
            if not ALLOWED.fullmatch(member.name) or not member.isreg() or content is None or member.name in found:
                raise Refused(f"{member.name!r} ska inte finnas i ett paket")
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            digest, length = hashlib.sha256(), 0
            with path.open("wb") as file:
                while part := content.read(1 << 20):
                    digest.update(part)
                    length += len(part)
                    file.write(part)
            found[member.name] = (length, digest.hexdigest())
    return found


def records_in(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / "records.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def check_files(manifest: dict[str, Any], found: dict[str, tuple[int, str]]) -> None:
    wanted = {name: (held["bytes"], held["sha256"]) for name, held in manifest["files"].items()}
    if found != wanted:
        wrong = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise Refused(f"de här filerna är inte som när paketet gjordes: {', '.join(wrong)}")


def check_chain(manifest: dict[str, Any], folder: Path) -> None:
    number, previous, purged = manifest["first"] - 1, manifest["previous"], 0
    kinds: Counter[str] = Counter()
    for held in records_in(folder):
        number += 1
        if held["seq"] != number or held["previous"] != previous:
            raise Refused(f"post {number} följer inte på den före")
        if "purge" in held:
            purged += 1
        else:
            kinds[held["kind"]] += 1
            if hashlib.sha256(held["salt"].encode() + same(held["payload"])).hexdigest() != held["digest"]:
                raise Refused(f"post {number} har ett annat innehåll än när den skrevs")
        if hashlib.sha256(same([held[name] for name in HASHED])).hexdigest() != held["hash"]:
            raise Refused(f"post {number} är ändrad")
        previous = held["hash"]
    if (number, previous) != (manifest["last"], manifest["head"]) or kinds != Counter(manifest["kinds"]):
        raise Refused("det saknas poster i slutet, eller så stämmer inte antalen")
    if purged != manifest["purged"]:
        raise Refused("antalet gallrade poster stämmer inte")


def check_order(manifest: dict[str, Any], seen: dict[str, str]) -> None:
    """`seen` har huvudet för varje paket som har öppnats, efter nummer."""
    number, before = manifest["bundle"], manifest["previous_bundle"]
    if missing := [one for one in range(1, number) if str(one) not in seen]:
        raise Refused(f"paket {', '.join(map(str, missing))} saknas; be avsändaren om det")
    if str(number) in seen:
        raise Refused(f"paket {number} är redan mottaget")
    if before is not None and seen[str(before)] != manifest["previous"]:
        raise Refused("paketet följer inte på det före; det kommer kanske inte från samma avsändare")


def take_in(held: dict[str, Any], *, apart: bool) -> None:
    """Här tar ert system in en post. Exemplet skriver bara en rad."""
    where = "hör inte till någon ungs ärende" if apart else f"ärende {held['case']}"
    print(f"{held['id']}  {held['kind']}  {where}")


def receipt(manifest: dict[str, Any], declined: dict[str, str], today: date) -> dict[str, Any]:
    said = {
        "format": "lots-receipt",
        "version": 1,
        "installation": manifest["installation"],
        "bundle": manifest["bundle"],
        "head": manifest["head"],
        "opened_on": today.isoformat(),
        "declined": [{"record": id_, "reason": reason} for id_, reason in sorted(declined.items())],
    }
    key = bytes.fromhex(manifest["receipt_secret"])
    return said | {"mac": hmac.new(key, same(said), hashlib.sha256).hexdigest()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Tar emot ett paket från Lots.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--avvisa", action="append", default=[], metavar="ID=SKÄL")
    asked = parser.parse_args()
    new = asked.folder / "nytt"
    shutil.rmtree(new, ignore_errors=True)  # ett paket som inte togs emot
    new.mkdir(parents=True)
    found = unpack(sys.stdin.buffer, new)
    if found.pop("manifest.json", None) is None:
        raise Refused("manifestet saknas; paketet är avklippt")
    manifest = json.loads((new / "manifest.json").read_bytes())
    if (manifest["format"], manifest["version"]) != ("lots-bundle", 1):
        raise Refused("det här är inget paket som den här mottagaren kan läsa")
    check_files(manifest, found)
    check_chain(manifest, new)
    sender = asked.folder / manifest["installation"]
    memory = sender / SEEN
    known = json.loads(memory.read_text()) if memory.exists() else {"paket": {}, "poster": []}
    seen, taken = known["paket"], set(known["poster"])
    check_order(manifest, seen)
    if not seen:
        print(f"Ny avsändare: {manifest['installation']}. Jämför med vad avsändaren läser upp.")
    declined = dict(one.split("=", 1) for one in asked.avvisa)
    for held in records_in(new):
        if "purge" in held or held["kind"] in BOOKKEEPING or held["id"] in declined or held["id"] in taken:
            continue
        take_in(held, apart=held["case"] in manifest["apart"])
        taken.add(held["id"])  # efter en säkerhetskopia hos avsändaren kan en post komma en gång till
    sender.mkdir(exist_ok=True)
    seen[str(manifest["bundle"])] = manifest["head"]
    memory.write_text(json.dumps({"paket": seen, "poster": sorted(taken)}))
    new.rename(sender / f"{manifest['bundle']:06d}")
    path = sender / f"lots-{manifest['installation'][:8]}-{manifest['bundle']:06d}.receipt.json"
    path.write_bytes(same(receipt(manifest, declined, date.today())) + b"\n")
    print(f"Kvittens: {path}")


if __name__ == "__main__":
    try:
        main()
    except Refused as why:
        sys.exit(f"Paketet tas inte emot: {why}.")
