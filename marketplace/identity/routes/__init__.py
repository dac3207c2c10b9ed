"""The door of the identity room."""
