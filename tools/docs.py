"""The generated parts of the documents: what a command prints stands in the text, and cannot go stale.

A document says what it wants in two comments; what stands between them is written by ``update``::

    <!-- output text: lots --help -->
    <!-- end of output -->

The word after ``output`` is the kind of block: ``text`` or ``mermaid`` for a fenced one, ``markdown`` for one
that stands as it is. Only ``lots`` is run, without this machine's settings and with a data folder that is
thrown away. ``check`` writes nothing and fails where ``update`` would change a document.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOTS = Path(sys.executable).with_name("lots")
BLOCK = re.compile(
    r"(?P<opening>^<!-- output (?P<kind>[a-z]+): lots(?P<arguments>[^\n]*?) -->\n)"
    r"(?P<body>.*?)"
    r"(?P<closing>^<!-- end of output -->$)",
    re.MULTILINE | re.DOTALL,
)
MARKER = re.compile(r"^<!-- output ", re.MULTILINE)
USAGE = "usage: python tools/docs.py update|check"


class DocumentProblem(Exception):
    """A block that cannot be written: says where, what, and how to put it right."""


def documents() -> list[Path]:
    """Every document that may hold a generated part.

    :returns: the Markdown files at the top and under ``docs/``.
    """
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def output_of(arguments: str) -> str:
    """What ``lots`` prints.

    :param arguments: the words after ``lots``.
    :returns: its standard output without blank ends.
    :raises DocumentProblem: the command failed.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOTS_")}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [LOTS, *shlex.split(arguments)],
            env=env | {"LOTS_DATA_DIR": folder, "COLUMNS": "100", "NO_COLOR": "1"},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise DocumentProblem(f"`lots {arguments.strip()}` ended with {done.returncode}: {said}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n")


def _written(block: re.Match[str]) -> str:
    said = output_of(block["arguments"])
    body = f"\n{said}\n\n" if block["kind"] == "markdown" else f"```{block['kind']}\n{said}\n```\n"
    return f"{block['opening']}{body}{block['closing']}"


def renewed(text: str, where: str) -> tuple[str, int]:
    """One document with its generated parts written anew.

    :param text: the document.
    :param where: its path, for messages.
    :returns: the document, and how many parts it has.
    :raises DocumentProblem: a part has no end, or its command failed.
    """
    try:
        new, count = BLOCK.subn(_written, text)
    except DocumentProblem as problem:
        raise DocumentProblem(f"{where}: {problem}") from None
    if count != len(MARKER.findall(text)):
        raise DocumentProblem(
            f"{where}: a generated part is not understood. It begins with `<!-- output text: lots … -->` "
            "and ends with `<!-- end of output -->`, each on a line of its own."
        )
    return new, count


def main(arguments: list[str]) -> int:
    """Write the generated parts anew, or tell whether they are fresh.

    :param arguments: ``update`` or ``check``.
    :returns: 0 done, 1 something is stale or cannot be written, 2 wrong use.
    """
    if arguments not in (["update"], ["check"]):
        print(USAGE, file=sys.stderr)
        return 2
    faults: list[str] = []
    parts = 0
    for path in documents():
        where = path.relative_to(ROOT).as_posix()
        text = path.read_text("utf-8")
        try:
            new, count = renewed(text, where)
        except DocumentProblem as problem:
            faults.append(str(problem))
            continue
        parts += count
        if new != text and arguments == ["update"]:
            path.write_text(new, "utf-8", newline="\n")
        elif new != text:
            faults.append(f"{where}: a generated part is stale. Run `make docs`.")
    print("\n".join([*faults, f"documents: {parts} generated parts, {len(faults)} faults"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
