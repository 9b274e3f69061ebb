"""Thông Quan: open-source smart customs.

Four layers, imported downwards only: `site` (Django) → `analytics`, `scenarios` → `packs`
(countries) → `engine` (pure). `words` holds every sentence a person reads, in Vietnamese and
English; the engine gives codes and facts and never imports it.
"""

__version__ = "0.1.0"
