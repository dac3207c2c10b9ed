"""How the bids room says no."""
