"""Signing in and out, and the language."""

from __future__ import annotations

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ..kit import clock
from .acts import set_password, sign_in, use_demo_link
from .sessions import LANGUAGE_COOKIE
from .shell import Visitor, not_found, page, signed_in, visitor

YEAR = 365 * 24 * 60 * 60


def onward(request: HttpRequest, asked: str) -> str:
    """An address of this site to go on to, "/" for any other."""
    fits = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if fits and asked.startswith("/") else "/"


@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    asked = onward(request, request.POST.get("tiep") or request.GET.get("tiep") or "/")
    context = {"onward": asked, "ended": "het" in request.GET, "renewed": "moi" in request.GET}
    if request.method == "GET":
        return HttpResponseRedirect(asked) if visitor(request) else page(request, "enter", context)
    name = request.POST.get("username", "")[:150]
    finding = sign_in(request, name, request.POST.get("password", ""), clock.now())
    if finding is None:
        return HttpResponseRedirect(asked)
    paused = finding.code == "SIGN_IN_PAUSED"
    response = page(request, "enter", {**context, "finding": finding, "name": name}, 429 if paused else 401)
    if paused:
        response.headers["Retry-After"] = finding.says["seconds"]
    return response


@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Set a password with a one-time code."""
    context = {"code": request.POST.get("code", "")[:200]}
    if request.method == "GET":
        return page(request, "password", context)
    finding = set_password(request, context["code"], request.POST.get("password", ""), clock.now())
    if finding is None:
        return HttpResponseRedirect("/dang-nhap?moi=1")
    response = page(request, "password", {**context, "finding": finding}, 422)
    if finding.code == "SIGN_IN_PAUSED":
        response.status_code = 429
        response.headers["Retry-After"] = finding.says["seconds"]
    return response


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    logout(request)
    response = HttpResponseRedirect("/dang-nhap")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@require_GET
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """A demonstration's link; anywhere else, and a second time, it is not there."""
    return HttpResponseRedirect("/") if use_demo_link(request, token, clock.now()) else not_found(request)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(onward(request, request.POST.get("tiep", "/")))
    chosen = "en" if request.POST.get("language") == "en" else "vi"
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=YEAR, secure=request.is_secure(), httponly=True, samesite="Lax"
    )
    return response


STEPS = ("init", "people", "tariff", "lodge", "check", "pay", "release")
COMMANDS = {
    "init": "thongquan init --pack sample --leader lan --office ZZ0001\nthongquan serve",
    "people": "thongquan user add hoa\nthongquan user posting hoa OFFICER --office ZZ0001\n"
    "thongquan user add binh\nthongquan user posting binh DECLARANT --trader ZZ-DEMO-1",
    "tariff": "thongquan tariff import bieu-thue.xlsx --act 1/2026/ND --first-day 2026-01-01",
}


@require_GET
@signed_in
def guide(request: HttpRequest, who: Visitor) -> HttpResponse:
    """From an empty installation to the first release."""
    return page(request, "guide", {"steps": STEPS, "commands": COMMANDS})


urlpatterns = [
    path("huong-dan", guide, name="guide"),
    path("dang-nhap", enter, name="enter"),
    path("mat-khau", password, name="password"),
    path("dang-xuat", leave, name="leave"),
    path("vao/<str:token>", by_link, name="by_link"),
    path("ngon-ngu", choose_language, name="choose_language"),
]
