"""The dialler is tried on both loops: that of the standard library, and that of the server."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run each test once on each loop."""
    return LOOPS
