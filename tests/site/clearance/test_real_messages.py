"""Messages that a real customs system exchanges, through the acts; every answer of ours is valid by its schema."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from lxml import etree

from thongquan.engine.formats import wco
from thongquan.packs import pack as country
from thongquan.site.clearance import journey, reads
from thongquan.site.clearance.models import Declaration, Response
from thongquan.site.kit.act import Answer

from ..country import SYSTEM

pytestmark = pytest.mark.usefixtures("people")

RUN_CHECKS = country.run_checks
EVERY = 5
"""The demonstration drives all of them; here every fifth is enough to see that the acts stand on them."""


@pytest.fixture
def schema(shared_data: Path) -> etree.XMLSchema:
    folder = shared_data / "hmrc_cds/schemas/wco/notification"
    both = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">'
        '<xs:import namespace="urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"'
        ' schemaLocation="DocumentMetaData_2_DMS.xsd"/>'
        '<xs:import namespace="urn:wco:datamodel:WCO:RES-DMS:2" schemaLocation="WCO_RES_2_DMS.xsd"/></xs:schema>'
    )
    return etree.XMLSchema(etree.fromstring(both, base_url=str(folder / "both.xsd")))


@pytest.fixture
def originals(shared_data: Path) -> list[bytes]:
    """Every original that can be read, in the order of the files."""
    files = sorted((shared_data / "hmrc_cds/samples").rglob("*.xml"))
    messages = [(data, wco.read_dec(data)) for data in map(Path.read_bytes, files)]
    return [data for data, read in messages if read.kind is wco.Kind.ORIGINAL and not read.refused]


def test_real_declarations_go_through_the_acts_and_every_answer_is_valid(
    originals, schema, days, monkeypatch
):
    monkeypatch.setattr(country, "run_checks", RUN_CHECKS)
    pack = country.load("gb")
    assert len(originals) > 180
    done: Counter[str] = Counter()
    refused: list[Answer] = []
    for data in originals[::EVERY]:
        answer = journey.receive(message=data, **days.ask("ann", pack))
        if not answer.done:
            refused.append(answer)
            continue
        common = {"number": answer.number}
        if answer.state == "PRELODGED":
            assert journey.arrive(**common, **days.ask("gate", pack)).done
        if Declaration.objects.get(number=answer.number).obligations.filter(kind="DUPLICATE").exists():
            assert journey.confirm_distinct(**common, reason="sample", **days.ask("ann", pack)).done
        assert journey.decide(**common, **days.ask(SYSTEM, pack)).done
        for act in (journey.assess, journey.select):
            step = act(**common, **days.ask(SYSTEM, pack))
            done[act.asked.__name__, step.done] += 1
            assert step.done or step.codes[0] in ("ASSESSMENT_PENDING", "ACT_NOT_FROM_STATE"), step.reasons
    assert {answer.codes for answer in refused} <= {("DUPLICATE_REFERENCE",)}
    assert done["assess", True] > 10
    for content in [
        *(answer.response for answer in refused),
        *(bytes(response.content) for response in Response.objects.all()),
    ]:
        schema.assertValid(etree.XML(content))
    assert reads.verify().faults == ()
