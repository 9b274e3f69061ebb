"""`thongquan token …`: the keys with which machines speak for an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from ..speech import emit, say, table
from .arguments import AsJson, open_site, operator, refused

token_app = typer.Typer(no_args_is_help=True)

User = Annotated[str, typer.Argument()]
Client = Annotated[str, typer.Argument()]


@token_app.command("give")
def give(
    user: User,
    client: Client,
    scope: Annotated[list[str], typer.Option("--scope")],
    days: Annotated[int, typer.Option("--days", min=1, max=365)] = 90,
    as_json: AsJson = False,
) -> None:
    open_site()
    from ..engine.findings import Finding
    from ..site.accounts import people

    found = people.find(user)
    if found is None:
        raise refused([Finding("USER_UNKNOWN", says={"username": user})], as_json=as_json)
    key = people.give_key(found, client, scopes=scope, life=timedelta(days=days), by=operator())
    if isinstance(key, Finding):
        raise refused([key], as_json=as_json)
    facts = {
        "user": found.username,
        "client": client,
        "token": key,
        "scopes": sorted(set(scope)),
        "days": days,
    }
    emit(facts) if as_json else print(say("token_given", **facts))


@token_app.command("revoke")
def revoke(user: User, client: Client, as_json: AsJson = False) -> None:
    open_site()
    from ..engine.findings import Finding
    from ..site.accounts import people

    count = people.end_keys(user, client, by=operator())
    if isinstance(count, Finding):
        raise refused([count], as_json=as_json)
    facts = {"user": user, "client": client, "ended": count}
    emit(facts) if as_json else print(say("token_revoked", **facts))


@token_app.command("list")
def listing(as_json: AsJson = False) -> None:
    open_site()
    from ..site.accounts.models import Token

    rows = [
        {
            "user": token.client.user.username, "client": token.client.name, "sandbox": token.client.sandbox,
            "scopes": token.scopes, "expires_at": token.expires_at, "revoked_at": token.revoked_at,
        }
        for token in Token.objects.select_related("client__user").order_by("client__user__username", "pk")
    ]  # fmt: skip
    if as_json:
        for row in rows:
            emit(row)
        return
    keys = ("user", "client", "scopes", "expires_at", "revoked_at")
    shown = [[f"{row[key]:%d/%m/%Y}" if key.endswith("_at") and row[key] else str(row[key] or "") for key in keys]
             for row in rows]  # fmt: skip
    table([say(f"token_{key}") for key in keys], shown)
