"""What the webhook room can answer: to owners, to workers, and about what is kept."""
