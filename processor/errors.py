"""What can go wrong in the processor itself; the failure of one event is a value, not an error."""


class ProcessorError(Exception):
    """The processor could not do what was asked; the base of all its errors."""


class ProcessorLocked(ProcessorError):
    """Another processor works on this spool."""


class RebuildRunning(ProcessorError):
    """Another rebuild of this spool is running."""


class RebuildFailed(ProcessorError):
    """A rebuild could not be finished; the old memory is still in use."""
