"""Ask for everything that can be read, as anybody who is not the bidder."""

import re
from collections.abc import Iterator, Mapping

import httpx
from litestar import Litestar

from tests.given.identity import Someone

UNKNOWN = "01890000-0000-7000-8000-000000000000"
"""The id of nothing."""
ENDLESS = frozenset({"/v1/events/stream"})
"""What does not end by itself is listened to, not read."""

Told = dict[tuple[str, str], tuple[int, dict[str, str], bytes]]
"""Status, headers and bytes, by who asked for which address."""


def addresses(app: Litestar, ids: Mapping[str, str], *, about: str = "") -> Iterator[str]:
    """Every address that can be read, with the ids filled in; those that are not known are ids of
    nothing.  `about` names a part that the path must have.
    """
    for route in app.routes:
        if "GET" not in getattr(route, "methods", ()) or route.path in ENDLESS:
            continue
        if about not in route.path:
            continue
        yield re.sub(r"\{(\w+):(\w+)\}", lambda found: _filled(found, ids), route.path)


def _filled(found: re.Match[str], ids: Mapping[str, str]) -> str:
    name, kind = found.groups()
    return ids.get(name, {"int": "1", "uuid": UNKNOWN}.get(kind, "benchmark"))


async def told(
    client: httpx.AsyncClient, who: Mapping[str, Someone | None], places: list[str]
) -> Told:
    """What each of them is told at each address."""
    found: Told = {}
    for name, person in who.items():
        headers = {} if person is None else person.headers
        for place in places:
            answer = await client.get(place, headers=headers)
            kept = {key: one for key, one in answer.headers.items() if key != "x-request-id"}
            found[name, place] = (answer.status_code, kept, answer.content)
    return found
