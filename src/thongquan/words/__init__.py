"""Every sentence and term a person reads, in Vietnamese and English.

Two sources, read once at the first question: `thongquan/glossary.toml` (terms of the field, with their
official Vietnamese, their English and their WCO element) and `thongquan/words/*.toml` (one file a
subject: the sentences of its codes). Each entry is a table `[kind.IDENTIFIER]`:

- `[finding.CODE]`: `vi`, `en`, and what to do about it, `remedy_vi`, `remedy_en`; `{placeholders}` are
  filled from the `says` of the finding;
- `[term.identifier]`: `vi`, `en`, and where they come from, `wco` and `source`;
- any other kind (`act`, `state`, `tax`, …): `vi`, `en`.

A word that is missing is a fault of ours, so it rises as a KeyError that names it. The engine never
imports this module: it gives codes and facts, and only the outer layers speak.
"""

import string
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

type Language = Literal["vi", "en"]
type Entry = Mapping[str, str]

LANGUAGES: tuple[Language, ...] = ("vi", "en")


def sentence(code: str, says: Mapping[str, object], language: Language) -> str:
    """Say what the code of a finding means, with its facts in place."""
    return _filled(code, language, says)


def remedy(code: str, says: Mapping[str, object], language: Language) -> str:
    """Say what to do about the code of a finding."""
    return _filled(code, f"remedy_{language}", says)


def term(identifier: str, language: Language) -> str:
    """Give the field's own word for an identifier of the code."""
    return word("term", identifier, language)


def word(kind: str, identifier: str, language: Language) -> str:
    """Give the word of any kind: word("act", "lodge", "vi")."""
    written = entry(kind, identifier)
    if language not in written:
        raise KeyError(f"[{kind}.{identifier}] has no {language!r}")
    return written[language]


def entry(kind: str, identifier: str) -> Entry:
    """Give all that is written of one word, for pages printed from it."""
    try:
        return _library()[kind, identifier]
    except KeyError:
        raise KeyError(f"no words for [{kind}.{identifier}]") from None


def identifiers(kind: str) -> tuple[str, ...]:
    """List the identifiers that have words of this kind, sorted."""
    return tuple(sorted(identifier for of, identifier in _library() if of == kind))


def kinds() -> tuple[str, ...]:
    """List the kinds of words there are, sorted."""
    return tuple(sorted({kind for kind, _ in _library()}))


def all_codes() -> frozenset[str]:
    """Give every code of a finding that has sentences."""
    return frozenset(identifiers("finding"))


def placeholders(code: str) -> frozenset[str]:
    """Give the names that the sentences and remedies of a code take from `says`."""
    found: set[str] = set()
    for text in entry("finding", code).values():
        found |= {name for _, name, _, _ in string.Formatter().parse(text) if name}
    return frozenset(found)


def _filled(code: str, part: str, says: Mapping[str, object]) -> str:
    written = entry("finding", code)
    if part not in written:
        raise KeyError(f"[finding.{code}] has no {part!r}")
    language: Language = "vi" if part.endswith("vi") else "en"
    try:
        return written[part].format_map({name: _spoken(name, fact, language) for name, fact in says.items()})
    except KeyError as missing:
        raise KeyError(f"[finding.{code}] {part!r} needs {missing.args[0]!r}, which was not said") from None


def _spoken(name: str, fact: object, language: Language) -> object:
    """Give a fact in words where its name is a kind of word: act "clear" is "thông quan"; roles "A, B" are several."""
    if not isinstance(fact, str):
        return fact
    library = _library()
    for kind in (name, name.removesuffix("s")):
        parts = fact.split(", ")
        if all((kind, part) in library for part in parts):
            return ", ".join(library[kind, part].get(language, part) for part in parts)
    return fact


def _sources() -> Iterator[Traversable]:
    package = files("thongquan")
    glossary = package / "glossary.toml"
    if glossary.is_file():
        yield glossary
    yield from sorted(
        (file for file in (package / "words").iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )


@cache
def _library() -> Mapping[tuple[str, str], Entry]:
    library: dict[tuple[str, str], Entry] = {}
    written_in: dict[tuple[str, str], str] = {}
    for source in _sources():
        for kind, entries in tomllib.loads(source.read_text(encoding="utf-8")).items():
            for identifier, written in entries.items():
                key = kind, identifier
                if key in library:
                    raise ValueError(
                        f"[{kind}.{identifier}] is written twice: in {written_in[key]} and {source.name}"
                    )
                library[key] = written
                written_in[key] = source.name
    return library
