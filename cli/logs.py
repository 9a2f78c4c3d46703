"""Logging: to stderr, one line an event, for people or as JSON for machines."""

import atexit
import logging
import sys
import time

from pythonjsonlogger.json import JsonFormatter

from cli.log_stream import LogStream
from telemetry.ids import current_event_id, current_request_id
from telemetry.log_limit import LineLimit

# Libraries that speak at INFO about what is our own business to report.
QUIET = ("apscheduler", "watchfiles", "aiohttp", "asyncio", "httpx", "httpcore", "urllib3")

# What every record has; anything else was given with the sentence.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "action"}
_IDS = ("request_id", "event_id")
_WHOLE = frozenset(["request", "started"])  # actions whose sentence says it all to a person


class _WithIds(logging.Filter):
    """Every record says what it belongs to: action, request and event, "" where there is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        given = vars(record)
        given["action"] = given.get("action", "")
        given["request_id"] = given.get("request_id") or current_request_id()
        given["event_id"] = given.get("event_id") or current_event_id()
        return True


class _ConsoleFormatter(logging.Formatter):
    """`13:30:01.123 INFO    processor  sentence  file=…`, the package in place of the module."""

    def format(self, record: logging.LogRecord) -> str:
        given = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        ids = {name: value for name in _IDS if (value := given.pop(name, ""))}
        if getattr(record, "action", "") in _WHOLE:
            given = {}
        text = super().format(record)
        text += "".join(f"  {name}={value}" for name, value in (given | ids).items())
        at = self.formatTime(record, "%H:%M:%S")
        package = record.name.partition(".")[0]
        return f"{at}.{int(record.msecs):03d} {record.levelname:<7} {package:<9} {text}"


class _JsonFormatter(JsonFormatter):
    """
    One object a line: time (UTC, milliseconds), level, logger, message, action, request_id,
    event_id, in this order and always all of them; then what was given with the sentence.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__(
            "{asctime}{levelname}{name}{message}{action}{request_id}{event_id}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
        )


class _OneLine(logging.Filter):
    """
    aiohttp logs a request that is no HTTP with its header lines, keys included, as an error:
    one line will do, and a warning. A defect behind it stays the error that it is.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0] is not None:
            kind = record.exc_info[0]
            record.msg = f"{record.getMessage()} ({kind.__name__})"
            record.args = ()
            record.exc_info = None
            if kind.__module__.startswith("aiohttp."):
                record.levelno, record.levelname = logging.WARNING, "WARNING"
        return logging.getLogger().isEnabledFor(record.levelno)


def set_up_logging(level: str, style: str) -> None:
    """Send every log line to stderr, in the given style: `console` or `json`."""
    handler = LogStream(sys.stderr)
    formatter = _JsonFormatter() if style == "json" else _ConsoleFormatter("%(message)s")
    handler.setFormatter(formatter)
    limit = LineLimit()
    handler.addFilter(limit)
    handler.addFilter(_WithIds())
    atexit.register(limit.tell)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    server = logging.getLogger("aiohttp.server")
    if not any(isinstance(each, _OneLine) for each in server.filters):
        server.addFilter(_OneLine())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
