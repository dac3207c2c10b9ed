"""The shapes of the profiles room on the wire."""
