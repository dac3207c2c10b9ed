"""How the scoring room says no."""
