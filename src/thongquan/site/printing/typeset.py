"""Set a form as PDF by Typst, with fonts of our own, so that it looks the same on every machine.

The template is ours and never changes with the data; the data goes in as one JSON string, whose texts Typst sets as
texts. The root is this folder, and there is no package and no network in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from ... import words
from ...engine.findings import Finding

HERE = Path(__file__).parent


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table. head: headings; right: columns of figures, from 0; rows: texts, as wide as the head. total: the last row
    is a sum."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    right: Sequence[int] = ()
    widths: Sequence[int] = ()
    total: bool = False


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """One printed form.

    language: "vi" or "en". office, country: of the letterhead. form: the number of the form, and of the document after
    it. title; facts: label and text, in two columns. tables, then notes as paragraphs. signs: under whose name it ends,
    role and name. place_and_day: beside the signature. issued: the day of the document. foot: on every page.
    trial: what a sandbox says across every page; `pdf` puts it there itself.
    """

    language: str
    office: str
    country: str
    motto: str = ""
    form: str = ""
    title: str
    subtitle: str = ""
    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    blanks: Sequence[str] = ()
    signs: Sequence[tuple[str, str]] = ()
    place_and_day: str = ""
    issued: date
    foot: str = ""
    trial: str = ""


def pdf(form: Form) -> bytes | Finding:
    """The form as PDF/A-2b; PRINTING_NOT_INSTALLED where the part that prints is not there.

    In a sandbox every page says so, whoever made the form: nothing printed there can be taken for a real one.
    """
    if settings.SANDBOX:
        form = msgspec.structs.replace(form, trial=words.word("page", "sandbox", _language(form)))
    try:
        compiler = _compiler()
    except ModuleNotFoundError:
        return Finding("PRINTING_NOT_INSTALLED")
    made: Any = compiler.compile(
        format="pdf", sys_inputs={"data": msgspec.json.encode(form).decode()}, pdf_standards=["a-2b"]
    )
    return bytes(made)


def _language(form: Form) -> words.Language:
    return "en" if form.language == "en" else "vi"


@cache
def _compiler() -> Any:
    import typst

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(HERE / "fonts")]
    )
    return typst.Compiler(str(HERE / "form.typ"), root=str(HERE), font_paths=fonts)
