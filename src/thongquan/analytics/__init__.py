"""The facts at size: files that hold them, engines that read them, figures measured, opened and frozen. No Django."""
