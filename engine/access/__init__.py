"""Who may do what: principals and their rules, and the verification of what callers show."""
