"""What the bids room can answer."""
