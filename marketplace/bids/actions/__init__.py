"""What the bids room can do: take offers in sealed, open them together, check them one by one."""
