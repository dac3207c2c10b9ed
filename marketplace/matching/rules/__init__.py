"""How a meeting runs, and when two scenarios say the same."""
