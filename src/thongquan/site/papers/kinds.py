"""Which files are taken: what they are shows in their content, never in their name or in what a browser says."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Final

from ...engine.findings import Finding

KINDS: Final = (
    "INVOICE", "CONTRACT", "PACKING_LIST", "TRANSPORT_DOCUMENT", "CERTIFICATE_OF_ORIGIN", "PERMIT", "PHOTOGRAPH",
    "OTHER",
)  # fmt: skip
"""What an attachment may be for."""

MOST_BYTES: Final = 20 * 1024 * 1024
MOST_PIXELS: Final = 50_000_000
MOST_UNPACKED: Final = 200 * 1024 * 1024
MOST_ENTRIES: Final = 2_000
MOST_OF_ONE: Final = 200
"""Attachments of one declaration."""

ENDINGS: Final = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/xml": ".xml",
    "text/plain": ".txt",
}
"""Media type → the ending under which it is handed out."""

_ALSO: Final = {"image/jpeg": (".jpeg",), "image/tiff": (".tiff",)}


def file_name(name: str, media: str) -> str:
    """A sender's name under which a file may be saved: with an ending of what the file is, so that no computer opens a
    letter as a program or a page ("a.html" that holds a PDF is "a.html.pdf")."""
    fitting = (ENDINGS[media], *_ALSO.get(media, ()))
    return name if name.casefold().endswith(fitting) else f"{name}{ENDINGS[media]}"


def media_type(content: bytes) -> str | Finding:
    """What a content is, or why it is not taken: ATTACHMENT_EMPTY, ATTACHMENT_TOO_LARGE, ATTACHMENT_KIND_UNKNOWN,
    ATTACHMENT_IMAGE_TOO_LARGE, ATTACHMENT_ARCHIVE_UNSAFE."""
    if not content:
        return Finding("ATTACHMENT_EMPTY")
    if len(content) > MOST_BYTES:
        return Finding("ATTACHMENT_TOO_LARGE", says={"most": str(MOST_BYTES // 2**20)})
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    for magic, kind, size in _IMAGES:
        if content.startswith(magic):
            return _image(content, kind, size)
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    return _text(content)


def _image(content: bytes, kind: str, size: Callable[[bytes], tuple[int, int] | None]) -> str | Finding:
    found = size(content)
    if found is None:
        return Finding("ATTACHMENT_KIND_UNKNOWN")
    if found[0] * found[1] > MOST_PIXELS:
        return Finding("ATTACHMENT_IMAGE_TOO_LARGE", says={"most": str(MOST_PIXELS // 1_000_000)})
    return kind


def _png_size(content: bytes) -> tuple[int, int] | None:
    if len(content) < 33 or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """From the frame header, walking the segments before it."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None


def _tiff_size(content: bytes) -> tuple[int, int] | None:
    """From the first directory's width and height."""
    order = "<" if content.startswith(b"II") else ">"
    try:
        (start,) = struct.unpack_from(f"{order}I", content, 4)
        (count,) = struct.unpack_from(f"{order}H", content, start)
        found: dict[int, int] = {}
        for number in range(min(count, 200)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHII", content, start + 2 + 12 * number)
            if tag in (256, 257):
                found[tag] = (
                    value >> 16 if kind == 3 and order == ">" else value & 0xFFFF if kind == 3 else value
                )
    except struct.error:
        return None
    return (found[256], found[257]) if len(found) == 2 else None


_IMAGES: Final[tuple[tuple[bytes, str, Callable[[bytes], tuple[int, int] | None]], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "image/png", _png_size),
    (b"\xff\xd8\xff", "image/jpeg", _jpeg_size),
    (b"II*\x00", "image/tiff", _tiff_size),
    (b"MM\x00*", "image/tiff", _tiff_size),
)

_MAIN_PARTS: Final = {
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def _office(content: bytes) -> str | Finding:
    """A workbook or a text document without macros; any other archive is not taken."""
    try:
        entries = zipfile.ZipFile(BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        return Finding("ATTACHMENT_KIND_UNKNOWN")
    names = {entry.filename for entry in entries}
    unsafe = (
        len(entries) > MOST_ENTRIES
        or sum(entry.file_size for entry in entries) > MOST_UNPACKED
        or any(name.startswith("/") or ".." in name.split("/") for name in names)
        or any(name.casefold().endswith("vbaproject.bin") for name in names)
    )
    if unsafe:
        return Finding("ATTACHMENT_ARCHIVE_UNSAFE")
    return next((kind for part, kind in _MAIN_PARTS.items() if part in names), None) or Finding(
        "ATTACHMENT_KIND_UNKNOWN"
    )


def _text(content: bytes) -> str | Finding:
    """XML or plain text in UTF-8; HTML and SVG, which a browser would run, are not taken."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Finding("ATTACHMENT_KIND_UNKNOWN")
    if any(ord(letter) < 32 and letter not in "\t\r\n" for letter in text):
        return Finding("ATTACHMENT_KIND_UNKNOWN")
    start = text.lstrip()[:2000].casefold()
    if any(mark in start for mark in ("<!doctype", "<html", "<svg", "<script")):
        return Finding("ATTACHMENT_KIND_UNKNOWN")
    return "application/xml" if start.startswith("<?xml") else "text/plain"
