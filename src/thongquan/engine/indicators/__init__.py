"""What is counted and why: fact columns, indicators declared once, targets, ranks, claims, and when a figure holds."""
