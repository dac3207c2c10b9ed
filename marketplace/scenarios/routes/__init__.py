"""The door of the scenarios room."""
