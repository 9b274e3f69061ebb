"""Any file of declarations, also those that only the traders of one country have.

`engine.formats.reading` reads what every country has. A country may have layouts of its own, which are asked first; a
file that is none of them is read as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Final, Literal
from zoneinfo import ZoneInfo

from ..engine.assessment.whole import Assessment
from ..engine.declaration import Declaration
from ..engine.findings import Finding
from ..engine.formats import reading
from ..engine.formats.reading import FileKind, Reading
from .pack import Pack
from .vn import files as vn
from .vn import goods_writing, register
from .vn.files import OwnFile
from .vn.register import Registered

__all__ = [
    "OWN",
    "Own",
    "OwnFile",
    "Registered",
    "is_house_table",
    "read_common",
    "read_file",
    "read_own",
    "read_stream",
]

type WritesRegister = Callable[[Iterable[Registered], Pack], tuple[bytes, tuple[Finding, ...]]]


@dataclass(frozen=True, slots=True)
class Own:
    """What one country has beside what all have.

    read: what a file of its own holds, None for any other file. blank: the empty workbook of a day that its traders
    fill. register: suffix → how declarations are written as the register that its traders keep. differences: a warning
    where what a register says of a declaration is not what the law computes.
    """

    read: Callable[[bytes, Pack], OwnFile | None]
    blank: Callable[[Pack, date], bytes]
    register: Mapping[str, WritesRegister]
    differences: Callable[[Declaration, Assessment, Pack], tuple[Finding, ...]]


OWN: Final[Mapping[str, Own]] = {
    "vn": Own(
        vn.read_own,
        goods_writing.blank_list,
        {"xlsx": register.write_xlsx, "csv": register.write_csv},
        register.differences,
    )
}
"""Code of a country → what it has."""

MOST_OWN: Final = 64_000_001
"""Bytes of a file of a country's own layout, and one more, so that a larger one is seen to be larger."""
TABLES: Final = (FileKind.CSV, FileKind.XLSX)


def read_own(data: bytes, pack: Pack) -> OwnFile | None:
    """A file of the country's own layout, None for any other file."""
    own = OWN.get(pack.code)
    return own.read(data, pack) if own is not None else None


def is_house_table(data: bytes, pack: Pack) -> bool:
    """Whether a file is a table with the house's own headings: every value of it stands in a cell of its own."""
    return reading.kind_of(data) in TABLES and read_own(data, pack) is None


def read_file(
    name: str, data: bytes, pack: Pack, rate_unit: Literal["percent", "fraction"] | None = None
) -> Iterator[Reading]:
    """Every declaration of a file, in its order, as the pack's country writes days and rates. At least one reading.

    name: only told in findings. rate_unit: of ASYCUDA documents; None for what the pack says.
    """
    own = read_own(data, pack)
    if own is not None:
        return own.readings
    return read_common(name, data, pack, rate_unit)


def read_common(
    name: str, data: bytes, pack: Pack, rate_unit: Literal["percent", "fraction"] | None = None
) -> Iterator[Reading]:
    """As `read_file`, of a file that is known to be none of the country's own."""
    return reading.read_file(name, data, ZoneInfo(pack.zone), rate_unit or pack.rate_unit or None)


def read_stream(
    name: str, stream: BinaryIO, pack: Pack, rate_unit: Literal["percent", "fraction"] | None = None
) -> Iterator[Reading]:
    """As `read_file`, from a seekable stream at its beginning: tables of any size are never held whole, but for those
    of the country's own layouts, which have a bound."""
    if pack.code in OWN and reading.kind_of(stream.read(_HEAD)) in (*TABLES, FileKind.OLD_EXCEL):
        stream.seek(0)
        own = read_own(stream.read(MOST_OWN), pack)
        if own is not None:
            yield from own.readings
            return
    stream.seek(0)
    yield from reading.read_stream(name, stream, ZoneInfo(pack.zone), rate_unit or pack.rate_unit or None)


_HEAD: Final = 4096
