"""What every app of the site is built with. No tables here."""
