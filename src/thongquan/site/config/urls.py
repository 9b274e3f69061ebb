"""The site's addresses: the API and the pages each bring their own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from . import api

urlpatterns: list[URLPattern | URLResolver] = [*api.urlpatterns]
