"""Clients with keys: `api("ann")` asks as ann's machine, with a key for everything unless scopes are named.

pytest reads this file before Django is set up where one file of this folder is named, so what needs models is
imported when it is used.
"""

from __future__ import annotations

import pytest


@pytest.fixture
def country(monkeypatch, settings):
    """The invented country is the one that the site serves."""
    from thongquan.site.config import api as whole

    from ..country import make_pack
    from .machines import served_by

    made = make_pack()
    for module in served_by():
        monkeypatch.setattr(module, "site_pack", lambda: made)
    monkeypatch.setattr(whole.api.clients, "_most", 0)
    whole.api.guesses._left.clear()
    return made


@pytest.fixture
def api(people, country):
    """A function: the machine of a user."""
    from .machines import machine_of

    return machine_of


@pytest.fixture
def office(committed, country):
    """As `api`, where things are really committed."""
    from ..country import appoint
    from .machines import machine_of

    appoint()
    return machine_of
