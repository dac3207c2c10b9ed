"""The door of the scoring room: panels, marks, files, rounds."""
