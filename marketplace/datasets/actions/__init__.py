"""What the datasets room can do."""
