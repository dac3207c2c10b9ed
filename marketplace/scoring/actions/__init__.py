"""What the scoring room can do: seat a panel, measure files, take marks, rank."""
