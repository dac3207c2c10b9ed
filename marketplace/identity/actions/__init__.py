"""What the identity room can do."""
