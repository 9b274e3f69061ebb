"""The harnesses at soak size, by hand:

    python -m tests.site.harness kills --database sqlite --lodgements 10000 --kills 200
    python -m tests.site.harness cuts --database postgresql --lodgements 5000 --cuts 2000

One line each: how many acknowledged acts were lost, how many requests took effect twice, and what does not fit, in
findings and in minor units. The exit status is 0 only when all of it is 0.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.site.harness",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("harness", choices=["kills", "cuts"])
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--lodgements", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--cuts", type=int, default=150)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--bug", default="", help="a name of bugs.BUGS, to see it caught")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="thongquan-harness-data-") as data:
        os.environ |= {
            "THONGQUAN_DATA": data,
            "DATABASE_URL": "postgres://postgres@127.0.0.1/harness" if asked.database == "postgresql" else "",
            "DJANGO_SETTINGS_MODULE": "thongquan.site.config.settings",
        }
        import django

        django.setup()
        from . import cuts, kills
        from .house import own_house

        print(f"seed {asked.seed}", flush=True)
        with own_house() as house:
            began = time.monotonic()
            size = {"lodgements": asked.lodgements, "seed": asked.seed, "bug": asked.bug}
            if asked.harness == "kills":
                verdict, faults = kills.run(house, kills=asked.kills, **size), asked.kills
            else:
                verdict, done = cuts.run(house, cuts=asked.cuts, **size)
                faults = done.total()
                print(", ".join(f"{kind} {count}" for kind, count in sorted(done.items())))
            seconds = time.monotonic() - began
    what = f"{asked.lodgements} lodgements, {faults} {asked.harness}, {seconds:.0f} s"
    print(f"{asked.database}: {what}: {verdict}", flush=True)
    if not verdict.clean:
        print(verdict.examples(), file=sys.stderr)
    return not verdict.clean


if __name__ == "__main__":
    sys.exit(main())
