"""The shapes of the scenarios room on the wire."""
