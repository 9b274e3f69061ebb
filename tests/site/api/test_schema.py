"""The document is valid OpenAPI 3.1, and what the site answers is what the document says, whatever is asked."""

from __future__ import annotations

import json

import pytest
from django.test import Client as Browser

from thongquan import words
from thongquan.engine.formats import json_lines
from thongquan.site.clearance import attachments, journey
from thongquan.site.clearance.api_acts import ASKING
from thongquan.site.config.api import PREFIX, ROUTES, openapi
from thongquan.site.kit import clock
from thongquan.site.kit.http import answered, content

from ..conftest import own_copy
from ..country import SYSTEM, original


def printed(path: str, **headers):
    return Browser().get(path, secure=True, **headers)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_document_is_valid(language):
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(json.loads(json.dumps(openapi(language))))


def test_the_document_is_served_in_the_readers_language():
    answer = printed("/api/openapi.json", HTTP_ACCEPT_LANGUAGE="en")
    assert answer.headers["Content-Language"] == "en"
    assert answer.json()["info"]["title"] == "Thông Quan API"
    assert (
        printed("/api/openapi.json?language=vi").json()["info"]["title"].startswith("Thông Quan: giao diện")
    )


def test_every_act_is_a_route_with_its_sources_persons_and_refusals():
    paths = openapi("en")["paths"]
    for act in ASKING:
        told = paths[f"/declarations/{{number}}/acts/{act}"]["post"]
        assert told["x-right"] == act
        assert "by:" in told["description"]
    lower = paths["/declarations/{number}/acts/lower_channel"]["post"]["description"]
    assert "Two persons" in lower
    assert "CHANNEL_NOT_LOWER" in lower


def test_every_example_is_what_the_schema_says():
    jsonschema = pytest.importorskip("jsonschema")
    whole = openapi("en")
    for route in ROUTES:
        body = whole["paths"][route.path][route.method.lower()].get("requestBody", {})
        for media in body.get("content", {}).values():
            if "example" in media and media["schema"]:
                schema = {**media["schema"], "components": whole["components"]}
                jsonschema.Draft202012Validator(schema).validate(media["example"])


def test_every_problem_has_an_example_with_its_remedy_in_the_readers_language():
    jsonschema = pytest.importorskip("jsonschema")
    for language in words.LANGUAGES:
        whole = openapi(language)
        told = whole["components"]["responses"]
        assert set(told) - {"409"} <= {
            status
            for status, one in told.items()
            if "remedy" in one["content"]["application/problem+json"].get("example", {})
        }
        schema = {"$ref": "#/components/schemas/ProblemDetails", "components": whole["components"]}
        for status, one in told.items():
            example = one["content"]["application/problem+json"].get("example")
            if example:
                jsonschema.Draft202012Validator(schema).validate(example)
                assert str(example["status"]) == status
                assert example["remedy"] == words.remedy(
                    example["code"], example["findings"][0].get("says", {}), language
                )


def test_a_choice_of_words_is_told_by_its_words():
    told = openapi("en")
    assert told["components"]["schemas"]["Checking"]["properties"]["result"]["enum"] == [
        "CONFORMS",
        "DIFFERS",
    ]
    asked = {one["name"]: one["schema"] for one in told["paths"]["/declarations"]["get"]["parameters"]}
    # No choice at all is to leave the question out.
    assert asked["channel"] == {"type": "string", "enum": ["GREEN", "YELLOW", "RED"]}
    assert "REGISTERED" in asked["state"]["enum"]


def test_the_page_is_whole_without_a_script():
    page = printed("/api/docs?language=en").content.decode()
    assert "<script" not in page
    for route in ROUTES:
        assert f'id="{route.name}"' in page
    assert 'id="DUTY_NOT_SECURED"' in page


# whatever is asked (schemathesis)

schemathesis = pytest.importorskip("schemathesis", reason="pip install the dev requirements")
"""Examples of each operation: a CI size; the soak asks more."""
EXAMPLES = 12


def not_asked() -> list:
    """A question that fits the schema may still be refused (409, 412, 422): the law is no schema. And keys have their
    own tests, with and without them."""
    from schemathesis.checks import ignored_auth
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    return [ignored_auth, positive_data_acceptance]


@pytest.fixture(scope="module")
def asked(template, django_db_blocker):
    """A site of its own with a declaration in each stage, and the key of somebody who holds every post."""
    from datetime import date

    from django.core.wsgi import get_wsgi_application

    from thongquan.site.accounts import acts as accounts
    from thongquan.site.accounts.reads import By
    from thongquan.site.config import api as whole

    from ..country import make_pack
    from .machines import EVERYTHING, served_by

    patched = pytest.MonkeyPatch()
    made = make_pack()
    for module in served_by():
        patched.setattr(module, "site_pack", lambda: made)
    patched.setattr(whole.api.clients, "_most", 0)
    with django_db_blocker.unblock(), own_copy(template):
        for role in ("OFFICER", "LEADER", "REVENUE", "INSPECTOR", "SUPERVISOR", "BANK", "AGENCY"):
            accounts.post("all", role, first_day=date(2020, 1, 1), office="*")
        accounts.post("all", "DECLARANT", first_day=date(2020, 1, 1), trader="*")
        numbers = []
        for stage in range(4):
            data = json_lines.write_json(original(f"S-{stage}", commodity="99999999"))
            common = {"pack": made, "by": SYSTEM}
            one = journey.lodge(message=data, pack=made, by=By("ann"), key=f"s-{stage}", at=clock.now())
            numbers.append(one.number)
            for step in (journey.accept, journey.assess, journey.select)[:stage]:
                step(number=one.number, key=f"{one.number}/{step.__name__}", at=clock.now(), **common)
        paper = attachments.attach(
            number=numbers[0], kind="INVOICE", name="a.pdf", content=b"%PDF-1.7", by=By("ann"), key="s-paper",
            at=clock.now(), pack=made,
        )  # fmt: skip
        token = accounts.give_token(accounts.client("all", "all"), scopes=EVERYTHING, now=clock.now())
        document = json.loads(json.dumps(openapi("en")))
        document["servers"] = [{"url": f"http://testserver{PREFIX}"}]
        for path, operations in document["paths"].items():
            for operation in operations.values():
                for parameter in operation["parameters"]:
                    if parameter["in"] == "path" and parameter["name"] == "number":
                        # half of what is asked is about something that is there
                        parameter["schema"] = {"type": "string", "enum": [*numbers, "26TS0001999999X"]}
                    if path.endswith("/attachments/{identifier}") and parameter["name"] == "identifier":
                        parameter["schema"] = {"type": "string", "enum": [paper.says["identifier"], "0" * 32]}
        loaded = schemathesis.openapi.from_dict(document)
        site = get_wsgi_application()
        loaded.app = lambda environ, start: site({**environ, "wsgi.url_scheme": "https"}, start)
        loaded.config.update(base_url=f"https://localhost{PREFIX}")
        yield loaded, token
    patched.undo()


def ask_about(route, loaded, token: str) -> None:
    from hypothesis import HealthCheck, Phase, given, settings

    @given(case=loaded[route.path][route.method].as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case):
        # 5xx, statuses, media types, headers and bodies that the document does not tell: all are failures
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, excluded_checks=not_asked())

    ask()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_question_breaks_the_site_or_its_document(asked, route, django_db_blocker):
    with django_db_blocker.unblock():
        ask_about(route, *asked)


def _broken(call):
    raise RuntimeError("x")


BUGS = {
    "a fault of ours": _broken,
    "a status that is not told": lambda call: answered({}, 418),
    "a body that is not told": lambda call: answered({"user": 1, "scopes": "all"}),
    "a media type that is not told": lambda call: content(b"<p>me</p>", "text/html"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_caught(asked, bug, django_db_blocker):
    from schemathesis.core.failures import FailureGroup

    (route,) = (route for route in ROUTES if route.name == "me")
    whole = route.view
    object.__setattr__(route, "view", BUGS[bug])
    try:
        with django_db_blocker.unblock(), pytest.raises(FailureGroup):
            ask_about(route, *asked)
    finally:
        object.__setattr__(route, "view", whole)
