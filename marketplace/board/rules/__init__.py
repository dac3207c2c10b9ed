"""What the board lists by, and how text is compared."""
