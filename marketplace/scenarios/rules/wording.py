"""The words of a call: everything that people would search for or recognise in it."""

from collections.abc import Iterator

from marketplace.scenarios.rules.content import Content, Text


def both(text: Text) -> dict[str, str]:
    """Write a text as its languages."""
    return {"zh": text.zh} | ({} if text.en is None else {"en": text.en})


def spoken(content: Content) -> Iterator[str]:
    """Say the title, then everything `told` says."""
    yield from both(content.title).values()
    yield from told(content)


def told(content: Content) -> Iterator[str]:
    """Say the problem, the datasets, the constraints and the domain."""
    for text in (content.problem, *(one.name for one in content.datasets)):
        yield from both(text).values()
    yield from (*content.constraints.zh, *content.constraints.en)
    yield content.domain
