"""Places in the log, what a listener asks for, and how all of it is described."""
