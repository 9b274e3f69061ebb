"""A broker's programme, written only from the OpenAPI file: nothing of ours is imported but the generated client.

python broker.py ADDRESS     in the folder of the generated client `thongquan_client`; a JSON object of keys by whose
they are ({"broker": "tq_…", "officer": …}) comes on its input. Prints what it saw, as JSON.
"""

import io
import json
import sys
import time
from uuid import uuid4

from thongquan_client import AuthenticatedClient
from thongquan_client.api.acts import check_documents, clear, exit_, inspect, pay
from thongquan_client.api.attachments import attach, attachment, attachments
from thongquan_client.api.declarations import assessment, list_, lodge, lodge_many, show, timeline
from thongquan_client.api.me import me
from thongquan_client.api.responses import acknowledge, response, responses
from thongquan_client.models import (
    Acknowledging,
    Amount,
    AttachKind,
    Checking,
    CheckingResult,
    Classification,
    Declaration,
    GoodsItem,
    Happened,
    Origin,
    Party,
    Paying,
    Plainly,
    ProblemDetails,
    Procedure,
    Quantity,
)
from thongquan_client.types import File

PATIENCE_SECONDS = 30
INVOICE = b"%PDF-1.7\n% invoice 1\n"


def tea(reference: str, commodity: str, description: str = "Chè xanh") -> Declaration:
    """One line of tea worth 1,000 krona."""
    return Declaration(
        function_code="9",
        functional_reference_id=reference,
        type_code="IMA",
        declaration_office_id="TS0001",
        declarant=Party(id="TRADER-1"),
        importer=Party(id="TRADER-1"),
        goods_item_quantity=1,
        goods_items=[
            GoodsItem(
                sequence_numeric=1,
                description=description,
                classifications=[Classification(id=commodity, identification_type_code="TSP")],
                origins=[Origin(country_code="XX", type_code="1")],
                procedures=[Procedure(current_code="40", previous_code="00")],
                gross_mass=Quantity(millionths=10_000_000, unit="KGM"),
                net_mass=Quantity(millionths=9_000_000, unit="KGM"),
                item_charge=Amount(millionths=1_000 * 1_000_000, currency="KRN"),
            )
        ],
    )


def done(answer):
    """What was answered, if it was no problem."""
    if answer is None or isinstance(answer, ProblemDetails):
        raise SystemExit(f"refused: {answer}")
    return answer


def key() -> str:
    return str(uuid4())


def until(client: AuthenticatedClient, number: str, wanted) -> object:
    """Ask how a declaration stands until it stands as wanted."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not wanted(standing := done(show.sync(number, client=client))):
        if time.monotonic() > give_up:
            raise SystemExit(f"still waiting: {standing}")
        time.sleep(0.1)
    return standing


def only_file(client: AuthenticatedClient, number: str) -> bytes:
    (only,) = done(attachments.sync(number, client=client)).attachments
    answer = attachment.sync_detailed(number, only.identifier, client=client)
    assert answer.headers["Content-Type"] == only.media_type
    return done(answer.parsed).payload.read()


def main(address: str, keys: dict[str, str]) -> dict[str, object]:
    clients = {
        who: AuthenticatedClient(base_url=f"{address}/api/v1", token=token, raise_on_unexpected_status=True)
        for who, token in keys.items()
    }
    broker = clients["broker"]
    seen: dict[str, object] = {"user": done(me.sync(client=broker)).user}

    # A mistake is told with its place, and nothing is lodged.
    hidden = tea("C-0", "99999999", description="Chè\u200b xanh")
    refused = lodge.sync(client=broker, body=hidden, idempotency_key=key())
    assert isinstance(refused, ProblemDetails), refused
    seen["refused"] = [refused.code, refused.findings[0].at]

    lodged_under = key()
    lodged = done(lodge.sync(client=broker, body=tea("C-1", "99999999"), idempotency_key=lodged_under))
    again = done(lodge.sync(client=broker, body=tea("C-1", "99999999"), idempotency_key=lodged_under))
    assert (again.number, again.receipt, again.replay) == (lodged.number, lodged.receipt, True)
    assert lodged.recorded_at.tzinfo is not None
    number = lodged.number
    seen["lodged"] = lodged.state

    paper = done(
        attach.sync(
            number, client=broker, body=File(io.BytesIO(INVOICE)), kind=AttachKind.INVOICE, name="hóa đơn 1.pdf",
            idempotency_key=key(),
        )
    )  # fmt: skip
    assert only_file(clients["officer"], number) == INVOICE
    seen["paper"] = [paper.attachment.name, paper.attachment.media_type]

    seen["channel"] = until(broker, number, lambda one: one.state == "SELECTED").channel
    owed = sum(tax.payable_minor for tax in done(assessment.sync(number, client=broker)).taxes)
    seen["owed_minor"] = owed

    queue = done(responses.sync(client=broker))
    mine = [one for one in queue.responses if one.number == number]
    seen["told"] = [one.kind for one in mine]
    assert b"Response" in done(response.sync(mine[0].identifier, client=broker)).payload.read()
    taken = Acknowledging(identifiers=[one.identifier for one in mine])
    assert done(acknowledge.sync(client=broker, body=taken)).acknowledged == len(mine)

    early = clear.sync(number, client=clients["officer"], body=Plainly(), idempotency_key=key())
    assert isinstance(early, ProblemDetails), early
    seen["early"] = sorted(finding.code for finding in early.findings)

    for who, act in (("officer", check_documents), ("inspector", inspect)):
        body = Checking(result=CheckingResult.CONFORMS)
        done(act.sync(number, client=clients[who], body=body, idempotency_key=key()))
    paying = Paying(paid_minor=owed, source="TREASURY", reference="BT-1", treasury="KB-01")
    done(pay.sync(number, client=clients["bank"], body=paying, idempotency_key=key()))
    cleared = done(clear.sync(number, client=clients["officer"], body=Plainly(), idempotency_key=key()))
    done(exit_.sync(number, client=clients["gate"], body=Happened(), idempotency_key=key(), if_match="*"))
    seen["cleared"] = cleared.state
    standing = until(broker, number, lambda one: one.goods == "PASSED")
    seen["stands"] = [standing.state, standing.goods, standing.paid_minor]
    seen["acts"] = [event.act for event in done(timeline.sync(number, client=broker)).events]
    seen["told later"] = [
        one.kind for one in done(responses.sync(client=broker)).responses if one.number == number
    ]

    # A green one needs nobody but the bank.
    lines = "\n".join(json.dumps(tea(f"C-{n}", "10101010").to_dict()) for n in (2, 3)).encode()
    bulk = done(lodge_many.sync(client=broker, body=File(io.BytesIO(lines)), idempotency_key=key()))
    seen["bulk"] = [bulk.lodged, bulk.refused]
    green = bulk.items[0].number
    owed = until(broker, green, lambda one: one.state == "SELECTED").assessed_minor
    paying = Paying(paid_minor=owed, source="TREASURY", reference="BT-2", treasury="KB-01")
    done(pay.sync(green, client=clients["bank"], body=paying, idempotency_key=key()))
    seen["green"] = until(broker, green, lambda one: one.state == "CLEARED").state
    seen["listed"] = [one.functional_reference for one in done(list_.sync(client=broker)).declarations]
    return seen


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.load(sys.stdin)), ensure_ascii=False))
