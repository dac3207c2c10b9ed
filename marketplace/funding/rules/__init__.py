"""What a funding policy must say."""
