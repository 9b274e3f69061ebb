"""`thongquan client …`: the machines that speak for an account, and their keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from ..speech import emit, say, table
from .arguments import AsJson, open_site, operator, refused, stop

client_app = typer.Typer(no_args_is_help=True)

User = Annotated[str, typer.Argument()]
Name = Annotated[str, typer.Argument()]


@client_app.command("add")
def add(
    user: User,
    name: Name,
    scope: Annotated[list[str], typer.Option("--scope")],
    days: Annotated[int, typer.Option("--days", min=1, max=365)] = 90,
    sandbox: Annotated[bool, typer.Option("--sandbox")] = False,
    as_json: AsJson = False,
) -> None:
    open_site()
    from ..engine.findings import Finding
    from ..site.accounts import acts, people
    from ..site.kit import clock

    found = people.find(user)
    if found is None:
        raise refused([Finding("USER_UNKNOWN", says={"username": user})], as_json=as_json)
    client = acts.client(found.username, name, sandbox=sandbox)
    try:
        token = acts.give_token(client, scopes=scope, now=clock.now(), life=timedelta(days=days))
    except ValueError as unfit:
        raise stop("client_scopes", why=unfit) from None
    people.told_of_key(found, name, by=operator(), scopes=scope, given=True)
    facts = {
        "user": found.username,
        "client": name,
        "token": token,
        "scopes": sorted(set(scope)),
        "days": days,
    }
    emit(facts) if as_json else print(say("client_added", **facts))


@client_app.command("revoke")
def revoke(user: User, name: Name, as_json: AsJson = False) -> None:
    open_site()
    from ..engine.findings import Finding
    from ..site.accounts import acts, people
    from ..site.accounts.models import Client
    from ..site.kit import clock

    found = Client.objects.filter(user__username=user, name=name).select_related("user").first()
    if found is None:
        raise refused([Finding("CLIENT_UNKNOWN", says={"username": user, "client": name})], as_json=as_json)
    count = acts.revoke_tokens(found, clock.now())
    people.told_of_key(found.user, name, by=operator(), scopes=(), given=False)
    facts = {"user": user, "client": name, "ended": count}
    emit(facts) if as_json else print(say("client_revoked", **facts))


@client_app.command("list")
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
    table([say("client_scopes_heading" if key == "scopes" else f"client_{key}") for key in keys], shown)
