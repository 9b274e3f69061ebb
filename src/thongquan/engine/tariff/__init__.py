"""The tariff: nomenclature, measures, preferences, quotas; `Tariff.as_of(day)` gives the view of one day."""
