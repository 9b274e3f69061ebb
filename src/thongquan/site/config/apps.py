"""What happens once when the site starts: its checks stand at the door."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created


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
    """Close a connection whose real settings are not durable, whatever the files say."""
    from ..kit.terms import sentence
    from .databases import connection_faults

    faults = connection_faults(connection)
    if faults:
        connection.close()
        raise ImproperlyConfigured(" ".join(f"{fault.code}: {sentence(fault)}" for fault in faults))
