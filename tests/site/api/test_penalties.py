"""Fines of a day over HTTP."""

from thongquan.packs.pack import load
from thongquan.site.reference import api as reference


def test_fines_of_a_day_come_with_their_law_and_what_was_not_read(api, monkeypatch):
    monkeypatch.setattr(reference, "site_pack", lambda: load("vn"))
    ann = api("ann")
    before = ann.get("/penalties?day=2020-12-09").json
    assert {row["given"] for row in before["penalties"]} == {False}
    assert {row["least_minor"] for row in before["penalties"]} == {None}
    after = ann.get("/penalties?day=2020-12-10").json["penalties"]
    found = [
        (row["least_share_ppm"], row["floor_minor"], row["law"])
        for row in after
        if row["behaviour"] == "UNDER_DECLARED_FOUND" and row["offender"] == "organisation"
    ]
    assert found == [(200_000, 2_000_000, "128/2020/NĐ-CP, art. 9")]


def test_a_day_out_of_reach_is_refused(api):
    assert api("ann").get("/penalties?day=1900-01-01").status == 422
