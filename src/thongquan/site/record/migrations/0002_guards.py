"""Events and messages are never changed or lost; an answer is given once; news is only ever marked as sent."""

from django.db import migrations

from thongquan.site.kit.guards import append_only, guard, never


class Migration(migrations.Migration):
    dependencies = [("record", "0001_initial")]

    operations = [
        *append_only("record_event"),
        *append_only("record_rawmessage"),
        *never("record_idempotencykey", "DELETE", code="APPEND_ONLY"),
        guard(
            "record_idempotencykey",
            "answered_once",
            "UPDATE",
            "OLD.principal <> NEW.principal OR OLD.key <> NEW.key OR OLD.request_hash <> NEW.request_hash"
            " OR length(OLD.answer) > 0",
            "ANSWER_IS_FINAL",
        ),
        *never("record_outbox", "DELETE", code="APPEND_ONLY"),
        guard(
            "record_outbox",
            "only_sent",
            "UPDATE",
            "OLD.topic <> NEW.topic OR OLD.subject <> NEW.subject OR OLD.n <> NEW.n OR OLD.body <> NEW.body"
            " OR OLD.sent_at IS NOT NULL",
            "NEWS_IS_FINAL",
        ),
    ]
