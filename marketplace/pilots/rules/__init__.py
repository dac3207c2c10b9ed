"""How a pilot moves and how its cost is shared; arithmetic on whole fen, no database."""
