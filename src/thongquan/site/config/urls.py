"""The site's addresses. None yet: the API and the pages each bring their own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
