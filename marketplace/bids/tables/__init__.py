"""What the bids room remembers."""
