"""What the scenarios room can do: write a call, review it, publish it, and let it run."""
