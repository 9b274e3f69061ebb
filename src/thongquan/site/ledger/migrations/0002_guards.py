"""What the books refuse, whoever asks."""

from django.db import migrations

from thongquan.site.kit.guards import append_only, guard, never


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]

    operations = [
        *append_only("ledger_entry"),
        guard(
            "ledger_entry",
            "open_journal",
            "INSERT",
            "(SELECT sealed FROM ledger_journal WHERE id = NEW.journal_id)",
            "JOURNAL_SEALED",
        ),
        guard(
            "ledger_entry",
            "dense_version",
            "INSERT",
            "NEW.account_version <> 1 + COALESCE("
            "(SELECT MAX(account_version) FROM ledger_entry WHERE account_id = NEW.account_id), 0)",
            "ACCOUNT_VERSION_GAP",
        ),
        *never("ledger_journal", "DELETE", code="APPEND_ONLY"),
        guard("ledger_journal", "born_open", "INSERT", "NEW.sealed", "JOURNAL_BORN_SEALED"),
        guard(
            "ledger_journal",
            "final",
            "UPDATE",
            "OLD.sealed OR OLD.reference <> NEW.reference OR OLD.kind <> NEW.kind OR OLD.currency <> NEW.currency"
            " OR OLD.subject <> NEW.subject OR OLD.n <> NEW.n OR OLD.at <> NEW.at OR OLD.day <> NEW.day"
            " OR OLD.facts <> NEW.facts OR OLD.reverses_id IS DISTINCT FROM NEW.reverses_id",
            "JOURNAL_IS_FINAL",
        ),
        guard(
            "ledger_journal",
            "balanced",
            "UPDATE OF sealed",
            "NEW.sealed AND ((SELECT COUNT(*) FROM ledger_entry WHERE journal_id = NEW.id) < 2"
            " OR (SELECT SUM(amount_minor) FROM ledger_entry WHERE journal_id = NEW.id) <> 0)",
            "JOURNAL_UNBALANCED",
        ),
        *never("ledger_account", "DELETE", code="APPEND_ONLY"),
        guard(
            "ledger_account",
            "born_empty",
            "INSERT",
            "NEW.balance_minor <> 0 OR NEW.version <> 0",
            "BALANCE_UNEXPLAINED",
        ),
        guard(
            "ledger_account",
            "explained",
            "UPDATE OF balance_minor, version",
            "NEW.version < OLD.version OR NEW.balance_minor - OLD.balance_minor <> COALESCE("
            "(SELECT SUM(ledger_entry.amount_minor) FROM ledger_entry"
            " JOIN ledger_journal ON ledger_journal.id = ledger_entry.journal_id"
            " WHERE ledger_entry.account_id = OLD.id AND ledger_entry.account_version > OLD.version"
            " AND ledger_entry.account_version <= NEW.version AND ledger_journal.sealed), 0)",
            "BALANCE_UNEXPLAINED",
        ),
        guard(
            "ledger_account",
            "same",
            "UPDATE",
            "OLD.code <> NEW.code OR OLD.kind <> NEW.kind OR OLD.currency <> NEW.currency OR OLD.party <> NEW.party"
            " OR OLD.tax <> NEW.tax",
            "ACCOUNT_IS_FINAL",
        ),
    ]
