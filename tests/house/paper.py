"""What every page that is made from the code has in common."""

from collections.abc import Sequence
from typing import Final

REFRESH: Final = "python -m tests.house.pages"
MADE: Final = f"<!-- Made by `{REFRESH}`. Change the code, not this page. -->"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Write a table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )
