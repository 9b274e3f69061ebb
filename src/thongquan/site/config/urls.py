"""The site's addresses: the API and the pages each bring their own."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from ..clearance import amend_pages, dues_pages, lodge_pages, matters_pages, proofs, register_pages
from ..clearance import pages as clearance
from ..entry import pages as entry
from ..reference import exchange_pages
from ..reference import pages as reference
from . import api

urlpatterns: list[URLPattern | URLResolver] = [
    *api.urlpatterns,
    *entry.urlpatterns,
    *reference.urlpatterns,
    *exchange_pages.urlpatterns,
    *lodge_pages.urlpatterns,
    *amend_pages.urlpatterns,
    *proofs.urlpatterns,
    *dues_pages.urlpatterns,
    *matters_pages.urlpatterns,
    *register_pages.urlpatterns,
    *clearance.urlpatterns,
]

handler400 = "thongquan.site.entry.shell.bad_request"
handler403 = "thongquan.site.entry.shell.forbidden"
handler404 = "thongquan.site.entry.shell.not_found"
handler500 = "thongquan.site.entry.shell.broken"
