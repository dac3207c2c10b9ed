"""One line per request and per tick, as JSON for machines or as text for a terminal; never a
secret.

Lines of libraries take the same way out as our own.  Tracebacks carry no local variables: a frame
that failed may hold a key, an offer or the answer to a question.  What is named like a secret is
blanked at any depth, and in every text whatever has the shape of one: a library may put into a
message what we would not.
"""

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.tracebacks import ExceptionDictTransformer

BLANK = "…"
_HIDDEN = (
    *("secret", "password", "passphrase", "authorization", "credential", "cookie"),
    *("key", "token", "otp", "seed"),
)
_SHAPES = (
    # An API key keeps its prefix, which is no secret and says whose it is.
    (re.compile(r"\b([a-z]{2,8}_[0-9A-Za-z]{6,24})_[0-9A-Za-z_-]{16,}"), rf"\1_{BLANK}"),
    (re.compile(r"\bwhsec_[0-9A-Za-z+/=_-]+"), f"whsec_{BLANK}"),
    (re.compile(r"\b(bearer|basic)\s+[0-9A-Za-z._~+/=-]{6,}", re.IGNORECASE), rf"\1 {BLANK}"),
    (re.compile(r"(://[^/\s:@]*):[^/\s@]+@"), rf"\1:{BLANK}@"),
    # In a query, in a facts list, in the text of a dictionary.
    (
        re.compile(
            r"([\w.-]*(?:token|key|secret|passw|passphrase|credential|signature|otp)[\w.-]*"
            r"(?:=|['\"]\s*:\s*)['\"]?)[^\s&'\"#,}]+",
            re.IGNORECASE,
        ),
        rf"\1{BLANK}",
    ),
    (re.compile(r"([?&](?:code|sig|state)=)[^\s&'\"#]+"), rf"\1{BLANK}"),
)
_TELLTALE = re.compile(r"[_=:\s]")
"""Every shape above has one of these; most values of a line have none and are done with at once."""


def configure_logs(
    *, json_lines: bool, level: int = logging.INFO, to: TextIO | None = None
) -> None:
    """Set the form of the log once, at start-up.  It goes to stderr unless told otherwise: stdout
    belongs to the commands.
    """
    renderer: structlog.typing.Processor
    exceptions: structlog.typing.Processor
    if json_lines:
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
        exceptions = structlog.processors.ExceptionRenderer(
            ExceptionDictTransformer(show_locals=False)
        )
    else:
        renderer = structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        )
        exceptions = structlog.processors.format_exc_info
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Written out before secrets are hidden: a message of an exception is a text as well.
        exceptions,
        hide_secrets,
    ]
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(to or sys.stderr),
        cache_logger_on_first_use=False,
    )
    _take_over_libraries(processors, renderer)


def _take_over_libraries(
    processors: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> None:
    """Send what libraries log the same way, from warnings upwards."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[ProcessorFormatter.remove_processors_meta, *processors, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [
        *(old for old in root.handlers if not isinstance(old.formatter, ProcessorFormatter)),
        handler,
    ]
    root.setLevel(logging.WARNING)


def hide_secrets(
    _: structlog.typing.WrappedLogger, __: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Blank every value whose name says that it must not be read, and every text that tells."""
    return {
        name: scrubbed(value) if name == "event" else _hidden(name, value)
        for name, value in line.items()
    }


def scrubbed(value: Any) -> Any:
    """Blank what has the shape of a secret, at any depth.

    >>> scrubbed("GET https://user:pw@example.com/hook?id=7&token=abc")
    'GET https://user:…@example.com/hook?id=7&token=…'
    """
    if isinstance(value, str):
        if _TELLTALE.search(value) is None:
            return value
        for shape, instead in _SHAPES:
            value = shape.sub(instead, value)
        return value
    if isinstance(value, dict):
        return {name: _hidden(str(name), item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrubbed(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    # Anything else is written as its text by the renderer; that text is what is judged.
    return scrubbed(repr(value) if isinstance(value, bytes) else str(value))


def _hidden(name: str, value: Any) -> Any:
    if any(word in name.lower() for word in _HIDDEN):
        return BLANK
    return scrubbed(value)
