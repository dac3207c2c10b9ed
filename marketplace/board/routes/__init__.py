"""The doors of the board."""
