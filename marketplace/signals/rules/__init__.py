"""What two bids may have in common, and how unlikely that is."""
