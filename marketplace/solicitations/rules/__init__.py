"""What makes a proposal ready, and how the sheet of a round is put together."""
