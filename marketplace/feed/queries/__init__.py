"""What the feed can answer."""
