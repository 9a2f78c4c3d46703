"""The records of calls that were started in a spool, brought to another one of the same history."""

from pathlib import Path

import msgspec

from cloud.calling.call_log import BY_CONVERSATION, CALLS_FOLDER, CallRecord
from spool.backup.merge_orders import is_erased_caller
from spool.durable import write_once
from spool.forgotten import Forgotten
from spool.format import SpoolError

_decoder = msgspec.json.Decoder(CallRecord)


def merge_calls(source: Path, root: Path) -> int:
    """
    Bring the records that are missing here, so that a key that was dialled there is not again.

    Those of who was erased here since are left out. Return how many; raises SpoolError.
    """
    forgotten = Forgotten(root)
    brought = 0
    for folder in (CALLS_FOLDER, f"{CALLS_FOLDER}/{BY_CONVERSATION}"):
        for path in sorted((source / folder).glob("*.json")):
            target = root / folder / path.name
            content = _read(path)
            if target.exists() or content is None or _is_erased(content, forgotten):
                continue
            if write_once(target, content) and folder == CALLS_FOLDER:
                brought += 1
    return brought


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # erased meanwhile
        return None
    except OSError as error:
        raise SpoolError(f"cannot read {path}: {error}; check its permissions") from error


def _is_erased(content: bytes, forgotten: Forgotten) -> bool:
    """Tell whether a record is of somebody who was erased; one nobody can read is left out too."""
    try:
        record = _decoder.decode(content)
    except msgspec.MsgspecError:
        return True
    is_told = bool(record.conversation_id)
    return is_erased_caller(forgotten, record.to, at=record.started_at) or (
        is_told and forgotten.is_conversation(record.conversation_id)
    )
