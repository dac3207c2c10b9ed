"""What the awards room can do: decide, announce, confirm, sign; decline, forfeit, invalidate."""
