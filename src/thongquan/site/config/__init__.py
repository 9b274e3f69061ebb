"""How the site is set up: settings, databases, and the checks that refuse an unsafe start."""
