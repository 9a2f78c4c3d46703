"""Keys and greeting that change in `.env` count at once, without a restart."""

import logging
import math
import os
import time
from collections.abc import Callable
from pathlib import Path

from receiver.context import ReceiverOptions
from settings import ENV_FILE, Settings, SettingsError, load_settings

logger = logging.getLogger(__name__)

# Without these nobody is let in (or, for the live answers, everybody): a file in the middle of
# being written, or lost, must not do that to a running server.
NEVER_EMPTIED = (
    "elevenlabs_post_call_key",
    "elevenlabs_client_data_key",
    "elevenlabs_search_data_key",
)
TAKEN_OVER = (*NEVER_EMPTIED, "admin_key", "send_first_message", "send_language", "greeting")

_LOOK_SECONDS = 0.05  # a look at the file takes 2 µs, and every request asks several times
_SETTLED_SECONDS = 1.0  # two writes within one tick of the file system's clock look like one
_STARTING_SECONDS = 60.0

Mark = tuple[int, int, int, int]


class Reloading:
    """
    The receiver's options, as `.env` has them now.

    `derive` makes them from settings. Only TAKEN_OVER changes while the program runs; a file that
    cannot be used changes nothing and is warned of once. For one thread.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        derive: Callable[[Settings], ReceiverOptions],
        env_file: Path = ENV_FILE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._derive = derive
        self._env_file = env_file
        self._clock = clock
        self._options = derive(settings)
        self._mark = _mark(env_file)
        self._look_at = -math.inf
        # The settings were read some time ago: what was written since then must not be missed.
        is_young = self._mark is not None and _age_seconds(self._mark) < _STARTING_SECONDS
        self._read_again_at = -math.inf if is_young else math.inf
        self._warned: tuple[str, ...] = ()

    def options(self) -> ReceiverOptions:
        """Return the options; at most 50 ms after a change of the file they are the new ones."""
        now = self._clock()
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            self._look(now)
        return self._options

    def _look(self, now: float) -> None:
        mark = _mark(self._env_file)
        if mark != self._mark:
            self._mark = mark
            self._read_again_at = now + _SETTLED_SECONDS
            self._warned = ()
            self._read()
        elif now >= self._read_again_at:
            self._read_again_at = math.inf
            self._read()

    def _read(self) -> None:
        try:
            fresh = load_settings(self._env_file)
        except SettingsError as error:
            self._warn("it cannot be used", error.problems)
            return
        values = {name: getattr(fresh, name) for name in TAKEN_OVER}
        emptied = [name for name in NEVER_EMPTIED if not values[name] and self._has(name)]
        if emptied:
            self._warn("a key is gone; to run without it, restart", _shown(emptied))
        changed = [
            name
            for name, value in values.items()
            if name not in emptied and value != getattr(self._settings, name)
        ]
        if not changed:
            return
        self._settings = self._settings.model_copy(update={name: values[name] for name in changed})
        self._options = self._derive(self._settings)
        logger.info(
            "%s: took over %s", self._env_file, ", ".join(_shown(changed)),
            extra={"action": "settings_reloaded"},
        )  # fmt: skip

    def _has(self, name: str) -> bool:
        return bool(getattr(self._settings, name))

    def _warn(self, what: str, details: list[str]) -> None:
        if self._warned == (what, *details):
            return
        self._warned = (what, *details)
        logger.warning(
            "%s has changed, but %s (%s); what was set before stays", self._env_file, what,
            "; ".join(details), extra={"action": "settings_not_reloaded"},
        )  # fmt: skip


def _mark(path: Path) -> Mark | None:
    """Return what differs between two versions of a file, None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - in the way of every request: half as long
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _age_seconds(mark: Mark) -> float:
    return time.time() - max(mark[0], mark[1]) / 1e9


def _shown(names: list[str]) -> list[str]:
    return [name.upper() for name in names]
