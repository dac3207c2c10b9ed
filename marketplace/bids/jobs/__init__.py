"""What ticks in the bids room."""
