"""What is kept, and for how long. Pure."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """
    How long recordings, transcripts and memories are kept after their call; None: for ever.

    Transcripts are all bodies that hold what was said or who called: failed calls and the
    quarantine go with them. Without `store_audio` or `store_transcripts` such a file goes as soon
    as memory has what is in it. `max_bytes` is how large the whole spool may be; None: as large
    as the disk.
    """

    audio: timedelta | None = None
    transcripts: timedelta | None = None
    memories: timedelta | None = None
    store_audio: bool = True
    store_transcripts: bool = True
    max_bytes: int | None = None

    @property
    def keeps_everything(self) -> bool:
        """True if nothing ever goes."""
        return self == RetentionPolicy()

    @property
    def stores_everything(self) -> bool:
        """True if no file goes as soon as it is in memory."""
        return self.store_audio and self.store_transcripts
