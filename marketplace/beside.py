"""The process that a server has beside it: what `jiebang work` does, until the server ends.

A module of its own rather than a command, because it is started in the middle of work: it loads
neither doors nor pages, and takes half the time.
"""

import gc

# As in the command.
gc.disable()

import asyncio  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402

from marketplace.demo.kept import clock_of  # noqa: E402
from marketplace.house import open_house  # noqa: E402
from marketplace.kit.confinement import give_way, leave_a_processor  # noqa: E402
from marketplace.kit.logs import configure_logs  # noqa: E402
from marketplace.kit.loops import new_loop  # noqa: E402
from marketplace.scorers import score_on  # noqa: E402
from marketplace.settings import Settings  # noqa: E402

gc.freeze()
gc.enable()

RESTS = 3
"""A quarter of the time for asking the database is what others do not notice."""


async def work() -> None:
    """Score until the other end of standard input is closed, or a signal says so."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    loop.add_reader(sys.stdin.fileno(), _stop, loop, stopping)
    settings = Settings.from_environment()
    house = open_house(settings, clock_of(settings.data_dir))
    try:
        await score_on(house, stopping=stopping, rests=RESTS)
    finally:
        await house.database.close()


def _stop(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    # Nothing is ever said there: only its end can be heard.
    loop.remove_reader(sys.stdin.fileno())
    stopping.set()


def main() -> None:
    """Give way to the server, and work for it."""
    give_way()
    leave_a_processor()
    configure_logs(json_lines=not sys.stderr.isatty())
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(work())


if __name__ == "__main__":
    main()
