"""What the harnesses' server runs: the whole site as it is; where it is asked so, with the invented country in its
place, whose sums fit on a hand."""

from __future__ import annotations

import random
import time

from django.core.handlers.wsgi import WSGIHandler

from thongquan.packs import pack as country
from thongquan.site.clearance import api, push
from thongquan.site.kit import faults
from thongquan.site.reference import api as tariff

from ..country import make_pack

application = WSGIHandler()


def invent() -> None:
    """Serve the invented country, slowly now and then."""
    pack = make_pack()
    for module in (api, push, tariff):
        module.site_pack = lambda: pack
    # The checks have tests of their own; the invented country has none of their data.
    country.run_checks = lambda pack, declaration, day: ()
    faults._planted = delay


def delay(point: str) -> None:
    """Now and then something in an act takes long, so that kills and cuts fall into every part of it."""
    if random.random() < 0.02:
        time.sleep(random.uniform(0.001, 0.02))
