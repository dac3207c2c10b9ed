"""What the relations room can do."""
