"""The catalogues: gathers every marked Swedish sentence and keeps each language's catalogue in step.

``update`` writes ``locales/lots.pot`` and the languages' ``lots.po``. ``check`` writes nothing and fails
where ``update`` would change a file, or where a translation is missing, waiting for a look (fuzzy), or has
other placeholders than the Swedish. Nothing in the files tells when or where they were made, so two people
who made the same change have the same files.

The sentences are read from the syntax tree. Babel's own extractor drops ``_(name)`` without a word, which
would leave Swedish in an English screen, and stumbles over a comment above nested calls.
"""

from __future__ import annotations

import ast
import io
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("dialogs", "state", "bot")
LOCALES = ROOT / "locales"
DOMAIN = "lots"
LANGUAGES = ("en",)
COMMENT = "# Translators:"
UNWANTED_HEADERS = tuple(
    f'"{name}:'
    for name in (
        "Project-Id-Version",
        "Report-Msgid-Bugs-To",
        "POT-Creation-Date",
        "PO-Revision-Date",
        "Last-Translator",
        "Language-Team",
        "Generated-By",
    )
)
USAGE = "usage: python tools/catalogues.py update|check"


class CatalogueProblem(Exception):
    """A sentence that cannot be gathered: says where, what, and how to put it right."""


def marked_sentences(source: str, where: str) -> Iterator[tuple[str, list[str]]]:
    """The sentences inside ``_()`` in one module.

    :param source: the module's text.
    :param where: its path, for messages.
    :returns: pairs of a sentence and the comments for translators that stand right above it.
    :raises CatalogueProblem: ``_()`` holds something else than one literal text, or ``Text`` an unmarked one.
    """
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source, where)):
        match node:
            case ast.Call(ast.Name("_"), [ast.Constant(str(sentence))], []) if sentence:
                yield sentence, _comments_above(lines, node.lineno)
            case ast.Call(ast.Name("_")):
                raise CatalogueProblem(
                    f"{where}:{node.lineno}: _() takes one literal text. "
                    "Write the sentence itself there, with named {placeholders} for what varies."
                )
            case ast.Call(ast.Name("Text"), [ast.Constant(str(sentence)), *_]):
                raise CatalogueProblem(
                    f"{where}:{node.lineno}: “{sentence}” is not marked for translation. Write Text(_(…))."
                )


def marked_in_template(source: str, where: str) -> Iterator[str]:
    """The sentences inside ``_()`` in one template of the web chat.

    :param source: the template's text.
    :param where: its path, for messages.
    :returns: the sentences.
    :raises CatalogueProblem: ``_()`` holds something else than one literal text.
    """
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        match call:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(sentence))], kwargs=[]) if sentence:
                yield sentence
            case nodes.Call(node=nodes.Name(name="_")):
                raise CatalogueProblem(
                    f"{where}:{call.lineno}: _() takes one literal text. Write the sentence itself there."
                )


def _comments_above(lines: list[str], lineno: int) -> list[str]:
    found: list[str] = []
    for line in reversed(lines[: lineno - 1]):
        if not line.strip().startswith("#"):
            return []
        found.insert(0, line.strip())
        if line.strip().startswith(COMMENT):
            return [comment.lstrip("# ") for comment in found]
    return []


def placeholders(sentence: str) -> set[str]:
    """The names in a sentence's ``{placeholders}``.

    :param sentence: a text in any language.
    :returns: the names; an unnamed or numbered one as it stands.
    :raises ValueError: a lone brace.
    """
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def gather() -> Catalog:
    """The template: every marked sentence of the program.

    :returns: a catalogue without translations.
    :raises CatalogueProblem: a sentence that cannot be gathered.
    """
    template = Catalog(fuzzy=False, header_comment="# The Swedish sentences of Lots. Made by `make catalogues`.")
    for package in PACKAGES:
        for module in sorted((ROOT / package).rglob("*.py")):
            where = module.relative_to(ROOT).as_posix()
            for sentence, comments in marked_sentences(module.read_text("utf-8"), where):
                template.add(sentence, auto_comments=comments)
        for page in sorted((ROOT / package).rglob("*.html")):
            for sentence in marked_in_template(page.read_text("utf-8"), page.relative_to(ROOT).as_posix()):
                template.add(sentence)
    return template


def written(catalog: Catalog) -> bytes:
    """A catalogue as its file: sorted, without places, dates or names.

    :param catalog: the catalogue.
    :returns: the bytes of the file.
    """
    out = io.BytesIO()
    write_po(out, catalog, width=100, no_location=True, sort_output=True, ignore_obsolete=True)
    lines = out.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(UNWANTED_HEADERS)).encode("utf-8")


def translated(language: str, template: Catalog) -> Catalog:
    """One language's catalogue brought in step with the template.

    :param language: for example ``en``.
    :param template: the sentences there are now.
    :returns: the catalogue; a sentence that was reworded keeps its old translation, marked fuzzy.
    """
    path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    if path.exists():
        with path.open("rb") as file:
            catalog = read_po(file, locale=language, domain=DOMAIN)
    else:
        catalog = Catalog(locale=language, header_comment=f"# Lots: {language}", fuzzy=False)
    catalog.update(template, update_header_comment=False)
    return catalog


def problems(catalog: Catalog, where: str) -> Iterator[str]:
    """What is missing or wrong in one language.

    :param catalog: the language's catalogue.
    :param where: its path, for messages.
    :returns: one line for each fault.
    """
    for message in catalog:
        if message.id:
            yield from (f"{where}: {fault}" for fault in _faults(message))


def _faults(message: Message) -> Iterator[str]:
    swedish, other = str(message.id), str(message.string or "")
    if not other:
        yield f"no translation of “{swedish}”. Write one after msgstr."
    elif message.fuzzy:
        yield f"“{swedish}” was reworded. Look at its translation, then take away the word fuzzy above it."
    elif placeholders(swedish) != placeholders(other):
        yield f"the placeholders of “{swedish}” and of “{other}” differ. Use the same names in both."
    if not all(name.isidentifier() for name in placeholders(swedish)):
        yield f"“{swedish}” has a placeholder without a name. Name it, as in {{day}}."


def main(arguments: list[str]) -> int:
    """Bring the catalogues in step, or tell whether they are.

    :param arguments: ``update`` or ``check``.
    :returns: 0 done, 1 something is wrong with a catalogue, 2 wrong use.
    """
    if arguments not in (["update"], ["check"]):
        print(USAGE, file=sys.stderr)
        return 2
    try:
        template = gather()
    except CatalogueProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    catalogs = {language: translated(language, template) for language in LANGUAGES}
    files = {LOCALES / f"{DOMAIN}.pot": written(template)}
    faults: list[str] = []
    for language, catalog in catalogs.items():
        path = LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"
        files[path] = written(catalog)
        faults += problems(catalog, path.relative_to(ROOT).as_posix())
    stale = [path for path, content in files.items() if not path.exists() or path.read_bytes() != content]
    if arguments == ["update"]:
        for path in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[path])
    else:
        faults = [f"{path.relative_to(ROOT)}: not in step. Run `make catalogues`." for path in stale] + faults
    print("\n".join([*faults, f"catalogues: {len(template)} sentences, {len(faults)} faults"]))
    return 1 if faults and arguments == ["check"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
