"""The site: the only place with a database, a clock, users and languages."""
