"""Several words in one column, so that a filter needs no second table."""

from collections.abc import Iterable
from typing import Final

NONE: Final = "none"


def listed(words: Iterable[str]) -> str:
    """Write words between commas, each once, sorted; an empty list has a word of its own.

    >>> listed(["download", "api", "api"]), listed([])
    (',api,download,', ',none,')
    """
    return f",{','.join(sorted(set(words)) or [NONE])},"


def words(listed: str) -> tuple[str, ...]:
    """Read the words back.

    >>> words(",api,download,"), words(",none,")
    (('api', 'download'), ())
    """
    return tuple(word for word in listed.strip(",").split(",") if word != NONE)
