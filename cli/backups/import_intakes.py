"""Handing over events of another spool: to the spool itself, or to the server that owns it."""

import asyncio
import hashlib
import hmac
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

import pybase64

from cloud.fetching.server_intake import Quarantined, ServerIntake
from receiver.intake import came_by_backfill
from spool.arrival import Arrival
from spool.committer import Committer
from spool.format import FileDamaged, Receipt, Source, identify_file
from spool.reader import open_file, read_file, read_receipts
from spool.staging import StagedFile
from spool.writer import Spool
from voice.retrieved import audio_event, was_retrieved
from voice.whose import whose

Status = Literal["stored", "duplicate", "forgotten"]

_LARGE_BYTES = 4 << 20
_BLOCK_BYTES = 3 * 128 * 1024  # a multiple of three: base64 in blocks is that of the whole


class Missing:
    """Which events the spool at `root` has not: told by kind, conversation and content."""

    def __init__(self, root: Path) -> None:
        receipts = (receipt for receipt, _ in read_receipts(root))
        self._here = {_digest(each) for each in receipts if isinstance(each, Receipt)}

    def __contains__(self, receipt: Receipt) -> bool:
        return _digest(receipt) not in self._here


def _digest(receipt: Receipt) -> bytes:
    """Return 16 bytes, since there may be millions."""
    told = f"{receipt.kind}\0{receipt.conversation_id}\0{receipt.sha256}"
    if receipt.kind == "quarantine":
        told = f"{receipt.kind}\0{receipt.sha256}"
    return hashlib.blake2b(told.encode(), digest_size=16).digest()


def what_is_wrong(receipt: Receipt) -> str:
    """Return why no spool can have written this receipt; "" if one can."""
    known = identify_file(receipt.file)
    if receipt.kind != "quarantine" and (known is None or known[1] != receipt.conversation_id):
        return f"its receipt there names another conversation: {receipt.conversation_id!r}"
    try:
        receipt.received_at.astimezone(UTC)
        f"{receipt.conversation_id}{receipt.body_prefix}{receipt.body_suffix}".encode()
    except (OverflowError, UnicodeEncodeError) as error:
        return f"its receipt there cannot be: {error}"
    return ""


class Taker(Protocol):
    """Where events go."""

    async def take(self, receipt: Receipt) -> Status:
        """
        Store the event of a receipt of the source; when this returns, it is durable.

        Raises FileDamaged if the source has it not any more, NotStorable, or what ends it all.
        """
        ...


class OwnSpool:
    """A spool that this process owns: receipts keep their time and signature."""

    def __init__(
        self, spool: Spool, committer: Committer, *, region: str | None, files: Path
    ) -> None:
        self._spool = spool
        self._committer = committer
        self._region = region
        self._files = files

    async def take(self, receipt: Receipt) -> Status:
        """Store it, as `import`, or as `backfill` if it came by that: see FORMAT.md."""
        content, source = await asyncio.to_thread(self._content, receipt)
        is_told = receipt.kind in {"transcription", "failure"}
        arrival = Arrival(
            kind=receipt.kind,
            conversation_id=receipt.conversation_id,
            content=content,
            event_timestamp=receipt.event_timestamp,
            signature=receipt.signature,
            source=source,
            received_at=receipt.received_at,
            reason=receipt.reason,
            body_prefix=receipt.body_prefix,
            body_suffix=receipt.body_suffix,
            is_same_event=partial(came_by_backfill, receipt.kind, content) if is_told else None,
            of_whom=partial(whose, receipt.kind, region=self._region) if is_told else None,
        )
        outcome = await self._committer.append(arrival)
        return "stored" if outcome.status == "quarantined" else outcome.status

    def _content(self, receipt: Receipt) -> tuple[bytes | StagedFile, Source]:
        if receipt.size > _LARGE_BYTES:
            staged = self._spool.stage()
            try:
                for block in _blocks(self._files, receipt):
                    staged.write(block)
                staged.finish()
            except BaseException:
                staged.discard()
                raise
            return staged, "backfill" if receipt.source == "backfill" else "import"
        content = read_file(self._files, receipt)
        is_retrieved = receipt.kind in {"transcription", "failure"} and was_retrieved(content)
        return content, "backfill" if is_retrieved or receipt.source == "backfill" else "import"


class RunningServer:
    """The server that owns the spool: it gets each event signed anew, as the platform sends it."""

    def __init__(self, intake: ServerIntake, *, secret: Callable[[], str], files: Path) -> None:
        self._intake = intake
        self._secret = secret
        self._files = files
        self._turn = asyncio.Semaphore(4)

    async def take(self, receipt: Receipt) -> Status:
        """Post it; raises NotTaken too, if the server takes nothing at all."""
        async with self._turn:
            body = partial(_body, self._files, receipt)
            timestamp = int(time.time())
            size, code = await asyncio.to_thread(self._signed, body, timestamp)
            try:
                return await self._intake.post(body, size, f"t={timestamp},v0={code}")
            except Quarantined:
                if receipt.kind == "quarantine":  # as it was
                    return "stored"
                raise

    def _signed(self, body: Callable[[], Iterator[bytes]], timestamp: int) -> tuple[int, str]:
        """Return size and signature of a body; the source is proven on the way."""
        key = self._secret().encode("utf-8", "surrogateescape")
        code = hmac.new(key, f"{timestamp}.".encode(), hashlib.sha256)
        size = 0
        for block in body():
            code.update(block)
            size += len(block)
        return size, code.hexdigest()


def _body(files: Path, receipt: Receipt) -> Iterator[bytes]:
    """Yield the body as it was signed; for a recording, made of it again."""
    if receipt.kind != "audio":
        yield from _blocks(files, receipt)
        return
    prefix, suffix = receipt.body_prefix.encode(), receipt.body_suffix.encode()
    if not prefix.startswith(b"{"):  # not known any more, or blanked
        prefix, suffix = audio_event(receipt.conversation_id or "", "")
    yield prefix
    for block in _blocks(files, receipt):
        yield pybase64.b64encode(block)
    yield suffix


def _blocks(files: Path, receipt: Receipt) -> Iterator[bytes]:
    """Yield the content in blocks of one size but for the last; raises FileDamaged at its end."""
    digest = hashlib.sha256()
    try:
        with os.fdopen(open_file(files, receipt.file), "rb") as content:
            while block := content.read(_BLOCK_BYTES):
                digest.update(block)
                yield block
    except OSError as error:
        raise FileDamaged(f"{receipt.file} cannot be read there: {error}") from error
    if digest.hexdigest() != receipt.sha256:
        raise FileDamaged(f"{receipt.file} is not what its receipt there says; it was left out")
