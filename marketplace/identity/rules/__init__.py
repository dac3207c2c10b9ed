"""Who may do what, and what a credential looks like."""
