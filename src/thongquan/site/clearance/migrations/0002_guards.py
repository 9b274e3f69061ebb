"""What may not happen to a declaration, whoever asks: no state without its event, no goods past an open matter."""

from django.db import migrations

from thongquan.engine.lifecycle.declaration import DECLARATION
from thongquan.site.kit.guards import append_only, guard, never


def write_transitions(apps, editor):
    transition = apps.get_model("clearance", "AllowedTransition")
    rows = {
        (str(source), str(step.target or source), str(step.act))
        for step in DECLARATION.steps
        for source in step.sources
    }
    transition.objects.bulk_create(transition(source=s, target=t, act=a) for s, t, a in sorted(rows))


NEXT_EVENT = (
    "NOT EXISTS (SELECT 1 FROM record_event WHERE record_event.subject = NEW.number"
    " AND record_event.n = NEW.events AND record_event.hash = NEW.head AND NEW.events = OLD.events + 1)"
)
ALLOWED = (
    "NOT EXISTS (SELECT 1 FROM record_event JOIN clearance_allowedtransition"
    " ON clearance_allowedtransition.act = record_event.act WHERE record_event.subject = NEW.number"
    " AND record_event.n = NEW.events AND clearance_allowedtransition.source = OLD.state"
    " AND clearance_allowedtransition.target = NEW.state)"
)
OPEN_HOLD = "EXISTS (SELECT 1 FROM clearance_hold WHERE declaration_id = NEW.id AND closed_n IS NULL)"
OPEN_OBLIGATION = (
    "EXISTS (SELECT 1 FROM clearance_obligation WHERE declaration_id = NEW.id AND closed_n IS NULL)"
)

KEPT = " OR ".join(
    f"OLD.{column} <> NEW.{column}"
    for column in ("number", "pack", "trader_id", "functional_reference", "year", "external_reference")
)
FACTS = " OR ".join(
    f"OLD.{column} IS DISTINCT FROM NEW.{column}"
    for column in (
        "state", "goods", "channel", "version", "events", "head", "legal_day", "lodged_at", "registered_at",
        "released_at", "cleared_at", "passed_at", "assessed_minor", "paid_minor", "guaranteed_minor",
    )
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("clearance", "0001_initial"), ("record", "0002_guards")]

    operations = [
        migrations.RunPython(write_transitions, migrations.RunPython.noop),
        guard(
            "clearance_declaration",
            "born_unlodged",
            "INSERT",
            "NEW.state <> 'UNLODGED' OR NEW.events <> 0 OR NEW.version <> 0",
            "STATE_WITHOUT_EVENT",
        ),
        guard("clearance_declaration", "same", "UPDATE", KEPT, "DECLARATION_IS_THE_SAME"),
        guard(
            "clearance_declaration",
            "by_event",
            "UPDATE",
            f"({FACTS}) AND {NEXT_EVENT}",
            "STATE_WITHOUT_EVENT",
        ),
        guard("clearance_declaration", "allowed", "UPDATE OF state", ALLOWED, "TRANSITION_NOT_ALLOWED"),
        guard(
            "clearance_declaration",
            "secured",
            "UPDATE OF state",
            "OLD.state <> NEW.state AND NEW.state IN ('RELEASED', 'CLEARED')"
            " AND (NEW.assessed_minor IS NULL OR NEW.assessed_minor > NEW.paid_minor + NEW.guaranteed_minor"
            f" OR {OPEN_HOLD} OR (NEW.state = 'CLEARED' AND {OPEN_OBLIGATION}))",
            "NOT_SECURED",
        ),
        *never("clearance_declaration", "DELETE", code="APPEND_ONLY"),
        *append_only("clearance_declarationversion"),
        *append_only("clearance_assessmentrow"),
        *append_only("clearance_selection"),
        *append_only("clearance_draw"),
        *append_only("clearance_drawcommitment"),
        *append_only("clearance_mark"),
        *append_only("clearance_receipt"),
        *append_only("clearance_response"),
        guard(
            "clearance_selection",
            "ratchet",
            "INSERT",
            "NEW.act <> 'lower_channel' AND NEW.channel < COALESCE((SELECT channel FROM clearance_selection"
            " WHERE declaration_id = NEW.declaration_id ORDER BY n DESC LIMIT 1), 0)",
            "CHANNEL_RATCHET",
        ),
        *never("clearance_obligation", "DELETE", code="APPEND_ONLY"),
        guard(
            "clearance_obligation",
            "closed_once",
            "UPDATE",
            "OLD.closed_n IS NOT NULL OR OLD.declaration_id <> NEW.declaration_id OR OLD.kind <> NEW.kind"
            " OR OLD.reference <> NEW.reference OR OLD.opened_n <> NEW.opened_n",
            "OBLIGATION_IS_FINAL",
        ),
        *never("clearance_hold", "DELETE", code="APPEND_ONLY"),
        guard(
            "clearance_hold",
            "closed_once",
            "UPDATE",
            "OLD.closed_n IS NOT NULL OR OLD.declaration_id <> NEW.declaration_id OR OLD.reference <> NEW.reference"
            " OR OLD.opened_n <> NEW.opened_n",
            "HOLD_IS_FINAL",
        ),
        *never("clearance_decision", "DELETE", code="APPEND_ONLY"),
        guard(
            "clearance_decision",
            "revoked_once",
            "UPDATE",
            "OLD.revoked_n IS NOT NULL OR OLD.declaration_id <> NEW.declaration_id OR OLD.act <> NEW.act"
            " OR OLD.n <> NEW.n OR OLD.form_number <> NEW.form_number",
            "DECISION_IS_FINAL",
        ),
    ]
