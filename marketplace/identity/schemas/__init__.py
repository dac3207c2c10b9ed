"""The shapes of the identity room on the wire."""
