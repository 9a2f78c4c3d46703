"""What can go wrong in the processor itself; the failure of one event is a value, not an error."""

import traceback
from pathlib import Path


class ProcessorError(Exception):
    """The processor could not do what was asked; the base of all its errors."""


class ProcessorLocked(ProcessorError):
    """Another processor works on this spool."""


class RebuildRunning(ProcessorError):
    """Another rebuild of this spool is running."""


class RebuildStopped(ProcessorError):
    """A rebuild was told to stop before it was done; the old memory is still in use."""


class RebuildFailed(ProcessorError):
    """A rebuild could not be finished; the old memory is still in use."""


def type_and_place(error: BaseException) -> str:
    """Return what may be logged of an unforeseen error: its own text may quote a caller."""
    name = type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    return f"{name} at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else name
