"""A file's layout is known by its headings."""

from thongquan.engine.findings import Finding
from thongquan.packs.layouts import LAYOUTS, layout_for, named

AMERICAN = (
    b'\xef\xbb\xbf"hts10","base_rate","base_rate_raw","description"\n"0101300000",0.068,"6.8%","Asses"\n'
)
VIETNAMESE = "Level,HSCode,Description_VN,Standard import duty rate,MFN rate,Import duty rate per ACFTA\n"
OWN = b"commodity,tax,rate\n0101,import_duty,5\n"


def test_each_layout_is_known_by_its_headings():
    assert layout_for(AMERICAN).name == "us-hts"
    assert layout_for(VIETNAMESE.encode()).name == "vn-workbook"
    assert layout_for(OWN).name == "rate-list"


def test_a_file_that_nobody_knows_says_what_it_shows():
    found = layout_for(b"\n\nMonth,Turnover\n1,2\n")
    assert isinstance(found, Finding)
    assert found.code == "TARIFF_LAYOUT_UNKNOWN"
    assert found.says == {"headings": "month, turnover", "known": "rate-list, us-hts, vn-workbook"}
    empty = layout_for(b"")
    assert isinstance(empty, Finding)
    assert empty.code == "TARIFF_LAYOUT_UNKNOWN"


def test_a_layout_can_be_named():
    assert [named(layout.name) for layout in LAYOUTS] == list(LAYOUTS)
    assert named("mars") is None
