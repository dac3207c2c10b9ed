"""What must hold of replays: their states, and what is said of them."""
