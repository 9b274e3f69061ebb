"""Which office this installation is: what `thongquan init` wrote into the data folder, read before anything else.

`office.toml` holds no secret and no law: the name of the country's pack and the code of the office. Where the
environment says otherwise (THONGQUAN_PACK), the environment counts.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = "office.toml"
DEMO_MARK = "DEMO"
"""A file that marks a data folder as a demonstration's own."""


@dataclass(frozen=True, slots=True)
class Office:
    """pack: whose law it applies. code: of the office itself, as the pack's list names it; "" where it has no list.

    sandbox: it is for trying things in, and for ever.
    """

    pack: str
    code: str = ""
    sandbox: bool = False


def data_folder() -> Path:
    """Everything that is not code: THONGQUAN_DATA, else the user's own place for data."""
    named = os.environ.get("THONGQUAN_DATA")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "thongquan"


def told(folder: Path) -> Office | None:
    """What the folder says; None where nobody has set an office up in it. ValueError for a file that is not one."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    read = tomllib.loads(text)
    pack, code, sandbox = read.get("pack"), read.get("office", ""), read.get("sandbox", False)
    if not isinstance(pack, str) or not isinstance(code, str) or not pack:
        raise ValueError(f"{folder / FILE} names no pack")
    return Office(pack, code, sandbox is True)


def write(folder: Path, office: Office) -> None:
    """Say it once. FileExistsError when it was said already."""
    with (folder / FILE).open("x", encoding="utf-8") as file:
        file.write(f'pack = "{office.pack}"\noffice = "{office.code}"\n')
        file.write("sandbox = true\n" if office.sandbox else "")
        file.flush()
        os.fsync(file.fileno())


def is_set_up(folder: Path) -> bool:
    """Whether a server may serve it: an office, a demonstration, or an environment that says whose law holds."""
    return bool(told(folder) or (folder / DEMO_MARK).exists() or os.environ.get("THONGQUAN_PACK"))
