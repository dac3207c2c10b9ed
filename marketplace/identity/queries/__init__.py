"""What the identity room can answer."""
