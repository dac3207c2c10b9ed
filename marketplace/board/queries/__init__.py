"""What the board can answer."""
