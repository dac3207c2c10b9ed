"""The event loop that every command runs on: the fastest that there is on this system."""

import asyncio
import sys

if sys.platform == "win32":
    new_loop = asyncio.new_event_loop
else:
    import uvloop

    new_loop = uvloop.new_event_loop
