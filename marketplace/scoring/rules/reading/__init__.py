"""From the bytes of a file, packed or not, to texts by column, without trusting a byte of it."""
