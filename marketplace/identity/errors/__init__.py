"""How the identity room says no."""
