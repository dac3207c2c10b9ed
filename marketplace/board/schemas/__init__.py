"""What is asked of the board and what it answers."""
