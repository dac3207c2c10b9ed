"""What the board can do."""
