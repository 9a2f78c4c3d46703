"""Logging: to stderr, one line an event, for people or as JSON for machines."""

import logging
import sys
from typing import Any

from pythonjsonlogger.json import JsonFormatter

# Libraries that speak at INFO about what is our own business to report.
QUIET = ("apscheduler", "watchfiles", "aiohttp", "asyncio", "httpx", "httpcore")


# What every record has; anything else was given with the sentence.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "action"}


class _ConsoleFormatter(logging.Formatter):
    """`13:30:01.123 INFO    processor  sentence  file=…`, the package in place of the module."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if getattr(record, "action", "") != "request":  # that sentence has it all
            given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
            text += "".join(f"  {name}={value}" for name, value in given.items())
        time = self.formatTime(record, "%H:%M:%S")
        package = record.name.partition(".")[0]
        return f"{time}.{int(record.msecs):03d} {record.levelname:<7} {package:<9} {text}"


class _WithoutTraceback(logging.Filter):
    """aiohttp logs a malformed request with its header lines, keys included: one line will do."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is not None:
            record.msg = f"{record.getMessage()} ({record.exc_info[0].__name__})"
            record.args = ()
            record.exc_info = None
        return True


def set_up_logging(level: str, style: str) -> None:
    """Send every log line to stderr, in the given style: `console` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    if style == "json":
        fields: dict[str, Any] = {"asctime": "time", "levelname": "level", "name": "logger"}
        handler.setFormatter(
            JsonFormatter(
                "{asctime}{levelname}{name}{message}", style="{", rename_fields=fields,
                datefmt="%Y-%m-%dT%H:%M:%S%z",
            )
        )  # fmt: skip
    else:
        handler.setFormatter(_ConsoleFormatter("%(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiohttp.server").addFilter(_WithoutTraceback())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
