"""Events → time per stage and per clock; working calendars and legal deadlines."""
