"""What is decided about custody: sides, who counts, passphrases."""
