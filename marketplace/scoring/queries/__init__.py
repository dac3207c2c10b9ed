"""What the scoring room can answer."""
