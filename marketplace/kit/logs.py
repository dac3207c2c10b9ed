"""One line per request and per tick, as JSON for machines or as text for a terminal; never a
secret.
"""

import logging
import sys
from typing import TextIO

import structlog

_HIDDEN = ("secret", "password", "authorization", "key", "token")


def configure_logs(
    *, json_lines: bool, level: int = logging.INFO, to: TextIO | None = None
) -> None:
    """Set the form of the log once, at start-up.  It goes to stderr unless told otherwise: stdout
    belongs to the commands.
    """
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
    )
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    if json_lines:
        # The values of local variables would be whole requests, passwords included.
        plain = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        processors.append(structlog.processors.ExceptionRenderer(plain))
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(to or sys.stderr),
        cache_logger_on_first_use=False,
    )


def hide_secrets(
    _: structlog.typing.WrappedLogger, __: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Blank every value whose name says that it must not be read."""
    return {
        name: "…" if any(word in name.lower() for word in _HIDDEN) and name != "event" else value
        for name, value in line.items()
    }
