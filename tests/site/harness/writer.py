"""A program that lodges with the site's own settings and says each acknowledgement in a file, for a harness to watch.

    python -m tests.site.harness.writer FILE COUNT

The database is that of THONGQUAN_DATA and DATABASE_URL. FILE gets one line for each acknowledged lodgement.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(told: Path, count: int) -> None:
    from thongquan.site.config.start import start

    start(migrate=True)
    from thongquan.site.clearance import journey

    from ..country import Days, appoint, make_pack, original

    appoint()
    pack, days = make_pack(), Days()
    handle = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(handle, b"ready\n")
    for n in range(count):
        answer = journey.lodge(message=original(f"P{n}"), **days.ask("ann", pack, f"p{n}"))
        os.write(handle, f"{answer.number}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
