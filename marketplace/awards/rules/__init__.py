"""Who may be awarded, and how an award moves; pure."""
