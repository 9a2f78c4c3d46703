"""What can go wrong with the history: every failure is a `HistoryError`."""


class HistoryError(Exception):
    """The history could not do what was asked."""


class InvalidCursor(HistoryError):
    """A cursor is none that a page has given; leave it out to begin with the newest."""


class UnknownConversation(HistoryError):
    """There is no conversation with this id, or it was erased."""


class NotStored(HistoryError):
    """What was asked for of a conversation never arrived."""


class NotKept(NotStored):
    """What was asked for of a conversation was deleted on purpose; the message says why."""


class NotReadable(HistoryError):
    """What the platform sent of a conversation cannot be understood."""


class HistoryUnavailable(HistoryError):
    """The index cannot be read or written now; it can be tried again."""


class HistoryDamaged(HistoryError):
    """The index cannot be what was written: it has to be made again from the spool."""
