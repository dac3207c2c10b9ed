"""The toolbox: knows no word of the trade, leans on nobody."""
