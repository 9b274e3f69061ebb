"""An amendment as a form: what nobody changed stays as it was declared, also what no form shows."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from thongquan.engine.declaration import Kept
from thongquan.engine.formats import wco
from thongquan.packs import pack as packs
from thongquan.site.clearance import amend, drafts, messages

EXAMPLES = Path(packs.__file__).parent / "gb" / "examples"
ORIGINALS = [
    path
    for path in sorted(EXAMPLES.glob("*/1-declaration.xml"))
    if not path.parent.name.startswith(("04", "11"))
]
SHOWN = ("description", "gross_mass", "origin_country_code", "item_charge")


@pytest.fixture
def gb():
    return packs.load("gb")


def original(name: str):
    found = wco.read_dec((EXAMPLES / name / "1-declaration.xml").read_bytes()).declaration
    assert found is not None
    return found


def changed(draft: drafts.Draft, row: int, column: str, text: str) -> drafts.Draft:
    return drafts.mended(draft, {f"c.{row}.{column}": text})


def examined(draft: drafts.Draft, current, pack):
    given = amend._as_given(draft, pack)
    (checked,) = drafts.read(draft, pack)
    assert checked.declaration is not None, checked.cells
    return amend.amended(current, given, checked.declaration, amend._origins(draft))


@pytest.mark.parametrize("path", ORIGINALS, ids=lambda path: path.parent.name)
def test_a_form_that_nobody_changed_changes_nothing(path: Path, gb) -> None:
    current = original(path.parent.name)
    draft = amend.draft_of(current, "26GB1", 1)
    assert examined(draft, current, gb) == current


@pytest.mark.parametrize("column", SHOWN)
def test_only_what_was_changed_differs_and_what_no_form_shows_is_kept(column: str, gb) -> None:
    current = msgspec.structs.replace(
        original("07-red-by-rule"),
        kept=(Kept(path="GoodsShipment/GovernmentAgencyGoodsItem[1]/Foo", text="as it stood"),),
    )
    draft = amend.draft_of(current, "26GB1", 1)
    new = {
        "description": "Tobacco, cut",
        "gross_mass": "16",
        "origin_country_code": "CA",
        "item_charge": "1200",
    }
    found = examined(changed(draft, 0, column, new[column]), current, gb)
    differences = messages.changed(current, msgspec.structs.replace(found, function_code="9"))
    assert not isinstance(differences, tuple)
    assert len(differences.differences) == 1, differences.differences
    assert found.kept == current.kept
    # The exemption of the document stands in no column of a form.
    assert found.goods_items[0].additional_documents == current.goods_items[0].additional_documents


def test_a_line_that_is_taken_away_takes_what_was_kept_of_it_and_the_others_are_counted_again(gb) -> None:
    current = msgspec.structs.replace(
        original("01-import"),
        kept=(
            Kept(path="GoodsShipment/GovernmentAgencyGoodsItem[1]/Foo", text="of the first"),
            Kept(path="GoodsShipment/GovernmentAgencyGoodsItem[2]/Foo", text="of the second"),
        ),
    )
    assert len(current.goods_items) == 2
    draft = drafts.without_line(amend.draft_of(current, "26GB1", 1), 0)
    found = examined(draft, current, gb)
    (left,) = found.goods_items
    assert msgspec.structs.replace(left, sequence_numeric=2) == current.goods_items[1]
    assert left.sequence_numeric == 1
    assert found.goods_item_quantity == 1
    assert found.kept == (Kept(path="GoodsShipment/GovernmentAgencyGoodsItem[1]/Foo", text="of the second"),)


def test_a_new_line_at_the_end_gets_the_next_number_and_the_others_stay(gb) -> None:
    current = original("01-import")
    draft = drafts.with_line(amend.draft_of(current, "26GB1", 1), 1)
    for column, text in (("description", "Combs"), ("commodity_code", "9615110000"), ("item_charge", "20")):
        draft = changed(draft, 2, column, text)
    found = examined(draft, current, gb)
    assert found.goods_items[:2] == current.goods_items
    assert (found.goods_items[2].sequence_numeric, found.goods_items[2].description) == (3, "Combs")
    assert found.goods_item_quantity == 3


def test_a_document_that_is_taken_away_is_the_one_that_was_taken_away() -> None:
    assert amend._merged_parts(("a+", "b+", "c+", "hidden"), ("a", "b", "c"), ("a", "c")) == (
        "a+",
        "c+",
        "hidden",
    )
    assert amend._merged_parts(("a+", "b+"), ("a", "b"), ("a", "b", "new")) == ("a+", "b+", "new")
