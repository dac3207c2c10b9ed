"""How one worker divides what it may take among endpoints that may each take only so much."""

from collections.abc import Sequence


def shares(rooms: Sequence[int], limit: int) -> list[int]:
    """Divide a number so that nobody who could take more has less than another one.

    Shape    one share for each room, none above it; all of the limit where the rooms hold it.  What
             does not come out even goes to those who come first.
    Source   max-min fairness, as in Bertsekas and Gallager, Data Networks.

    >>> shares([64, 64, 1], 65), shares([64, 64, 64], 4), shares([2, 2], 9)
    ([32, 32, 1], [2, 1, 1], [2, 2])
    """
    level, left, hungry = 0, limit, len(rooms)
    # The smallest first: what they cannot take is divided among the others.
    for room in sorted(rooms):
        level = left // hungry
        if room > level:
            break
        left, hungry = left - room, hungry - 1
    found = [min(room, level) for room in rooms] if hungry else list(rooms)
    left = limit - sum(found)
    for place, room in enumerate(rooms):
        if left and found[place] < room:
            found[place] += 1
            left -= 1
    return found
