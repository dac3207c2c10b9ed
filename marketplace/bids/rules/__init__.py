"""What makes a bid admissible, and how it moves."""
