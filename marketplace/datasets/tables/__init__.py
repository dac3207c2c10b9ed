"""What the datasets room remembers."""
