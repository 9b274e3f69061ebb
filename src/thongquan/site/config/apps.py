"""What happens once when the site starts: its checks stand at the door."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created

from ...engine.findings import Finding


class UnfitConnection(ImproperlyConfigured):
    """A connection that was refused. findings: every reason."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        from ..kit.terms import sentence

        super().__init__(" ".join(f"{one.code}: {sentence(one)}" for one in findings))
        self.findings = findings


class ConfigApp(AppConfig):
    name = "thongquan.site.config"
    label = "config"

    def ready(self) -> None:
        register(check_databases, Tags.security)
        connection_created.connect(refuse_unsafe_connection, dispatch_uid="thongquan.durable")


def check_databases(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    """Refuse settings that may lose what was acknowledged (`check`, `migrate`, `serve` and every command)."""
    from django.conf import settings

    from ..kit.terms import remedy, sentence
    from .databases import settings_faults

    return [
        Error(sentence(fault), hint=remedy(fault), obj=alias, id=f"thongquan.{fault.code}")
        for alias, entry in settings.DATABASES.items()
        for fault in settings_faults(entry)
    ]


def refuse_unsafe_connection(connection: Any, **_: Any) -> None:
    """Close a connection whose real settings are not durable, whatever the files say, or whose database is of the
    other kind: a sandbox's, a real office's."""
    from .databases import connection_faults
    from .sandbox import connection_fault

    faults = connection_faults(connection)
    other_kind = None if faults else connection_fault(connection)
    if other_kind:
        faults = (other_kind,)
    if faults:
        connection.close()
        raise UnfitConnection(faults)
