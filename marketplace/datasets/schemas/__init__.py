"""The shapes of datasets on the wire."""
