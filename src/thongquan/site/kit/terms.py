"""The reader's words, in the language that Django has chosen for the request."""

from __future__ import annotations

from django.utils.translation import get_language

from ... import words
from ...engine.findings import Finding


def language() -> words.Language:
    """English when the reader asked for it, else Vietnamese."""
    return "en" if (get_language() or "").startswith("en") else "vi"


def sentence(finding: Finding) -> str:
    return words.sentence(finding.code, finding.says, language())


def remedy(finding: Finding) -> str:
    return words.remedy(finding.code, finding.says, language())


def term(identifier: str) -> str:
    return words.term(identifier, language())
