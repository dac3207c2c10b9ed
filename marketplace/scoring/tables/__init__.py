"""What the scoring room remembers."""
