"""The shapes of the scoring room on the wire."""
