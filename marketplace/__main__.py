"""The command: `jiebang`, or `python -m marketplace`."""

import gc

# Thousands of classes are made on the way in, and none of them is ever garbage: a fifth of the
# start was looking for it.  Frozen, they are not looked through again while the server runs.
gc.disable()

from marketplace.cli import main  # noqa: E402

gc.freeze()
gc.enable()

if __name__ == "__main__":
    main()
