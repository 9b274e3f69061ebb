"""Machines go straight to the API: sessions, forms, languages and templates are for people."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .api import PREFIX, api


class ApiDoor:
    """Middleware, to stand below what secures the connection and above whatever belongs to pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._pages = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(PREFIX + "/"):
            return api(request)
        return self._pages(request)
