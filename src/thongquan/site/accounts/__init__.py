"""Who may do what, where, and on which days."""
