"""What the identity room remembers."""
