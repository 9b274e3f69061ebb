"""Who may do what: one pure decision for acts, reads, buttons and machines."""
