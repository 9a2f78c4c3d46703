"""What can go wrong with a memory store: every failure of one is a `MemoryStoreError`."""


class MemoryStoreError(Exception):
    """The memory store could not do what was asked."""


class MemoryUnavailable(MemoryStoreError):
    """The memory store cannot be reached or read; the operation can be tried again."""


class MemoryDamaged(MemoryStoreError):
    """What is stored cannot be what was written: it has to be derived again from the spool."""


class PositionMoved(MemoryStoreError):
    """Another process moved the position meanwhile; read it again and go on from there."""
