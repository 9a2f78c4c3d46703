"""The processes that a rebuild has derive for it, seen from the rebuild."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from processor.errors import RebuildFailed
from processor.replay import Derived, receive, send
from voice.rules import Rules

_PROJECT = Path(__file__).resolve().parent.parent
_decoder = msgspec.msgpack.Decoder(Derived)


class Worker:
    """One process that derives; used by one thread at a time."""

    def __init__(self, root: Path, *, rules: Rules) -> None:
        read_by = msgspec.json.encode(rules).decode()
        self._process = subprocess.Popen(  # noqa: S603 - our own module, our own arguments
            [sys.executable, "-m", "processor.replay", str(root.resolve()), read_by],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_PROJECT,
            start_new_session=True,  # Ctrl-C is for the parent, which then closes the pipes
        )

    def derive_at(self, offsets: Sequence[int]) -> Derived:
        """Do what the function of this name does, over there; raises `RebuildFailed`."""
        streams = self._process.stdout, self._process.stdin
        if streams[0] is None or streams[1] is None:
            raise RebuildFailed("a worker process has no pipes")
        try:
            send(streams[1], msgspec.msgpack.encode(offsets))
            return _decoder.decode(receive(streams[0]))
        except (OSError, EOFError, msgspec.DecodeError) as error:
            raise RebuildFailed(
                "a worker process of the rebuild died; the old memory is still in use, "
                "see its message above and start the rebuild again"
            ) from error

    def close(self) -> None:
        """End the process, at once."""
        self._process.kill()
        self._process.communicate()
