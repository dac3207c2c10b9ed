"""What the datasets room can answer."""
