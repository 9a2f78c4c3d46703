"""`doctor`: is this machine ready, and if not, what is to be mended."""

import asyncio
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from rich.markup import escape
from rich.table import Table

from cli.assembly.store import open_model, open_store
from cli.output import console, print_json
from memory.errors import MemoryStoreError
from settings import ENV_FILE, Settings, unknown_names
from spool.backup.newest import last_backup
from spool.format import SpoolError
from spool.reader import count_lines

LOW_DISK_BYTES = 2 * 1024**3
OLD_BACKUP = timedelta(days=2)  # as in deploy/prometheus/alerts.yml
_REBUILD = "uv run run.py processor rebuild derives memory again from the spool"

Verdict = Literal["ok", "warning", "problem"]
STYLES = {"ok": "green", "warning": "yellow", "problem": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding. `mend` says what to do; it is empty when all is well."""

    name: str
    verdict: Verdict
    detail: str
    mend: str = ""


def doctor(settings: Settings, *, online: bool, as_json: bool) -> int:
    """Print every setting and check, ElevenLabs too if `online`; return 1 if one must be mended."""
    checks = list(examine(settings))
    if online:
        checks += check_online(settings)
    if as_json:
        print_json({"settings": shown_settings(settings), "checks": [asdict(c) for c in checks]})
    else:
        _print_settings(settings)
        _print_checks(checks)
    return 1 if any(check.verdict == "problem" for check in checks) else 0


def examine(settings: Settings) -> Iterator[Check]:
    """Yield the result of every check."""
    yield from _check_secrets(settings)
    for line in unknown_names():
        yield Check(name="names in .env", verdict="warning", detail=line, mend="correct the name")
    spool, memory = settings.payload_storage_path, settings.openmemory_db_path.parent
    yield check_folder("spool folder", spool, needs_links=True)
    yield check_folder("memory folder", memory, needs_links=False)
    yield check_free_space(spool)
    yield check_backup(spool, now=datetime.now(UTC))
    yield check_port(settings.host, settings.port)
    yield check_memory(settings)
    yield check_model(settings)
    if settings.openmemory_mode != "embedded":
        from cli.examine_openmemory import openmemory_checks

        yield from openmemory_checks(settings)
    if settings.payload_log_path is not None:
        yield check_folder("payload log", settings.payload_log_path.parent, needs_links=False)


def check_online(settings: Settings) -> list[Check]:
    """Look at ElevenLabs: the key, the connected agents, and whether calls arrive here."""
    from cli.examine_online import findings

    return [
        Check(name=found.name, verdict=found.verdict, detail=found.detail, mend=found.mend)
        for found in findings(settings)
    ]


def shown_settings(settings: Settings) -> dict[str, str]:
    """Return each setting as text, the secrets masked."""
    shown = {name.upper(): _masked(getattr(settings, name)) for name in Settings.model_fields}
    if "@" in settings.openmemory_port:  # a URL may have a password in it
        shown["OPENMEMORY_PORT"] = f"…@{settings.openmemory_port.rpartition('@')[2]}"
    return shown


def _masked(value: object) -> str:
    if isinstance(value, SecretStr):
        length = len(value.get_secret_value())
        return f"set ({length} characters)" if length else "not set"
    return "" if value is None else str(value)


def _check_secrets(settings: Settings) -> Iterator[Check]:
    if settings.post_call_secrets:
        yield Check(name="post-call secret", verdict="ok", detail="set")
    else:
        yield Check(
            name="post-call secret",
            verdict="problem",
            detail="ELEVENLABS_POST_CALL_KEY is not set: every event would be refused",
            mend=f"start all-in-one once without {ENV_FILE}, or set it to the webhook's secret",
        )
    for name in ("elevenlabs_client_data_key", "elevenlabs_search_data_key"):
        is_set = bool(getattr(settings, name).get_secret_value())
        yield Check(
            name=name.removeprefix("elevenlabs_").replace("_", "-"),
            verdict="ok" if is_set else "warning",
            detail="set" if is_set else "not set: the endpoint is open to everybody",
            mend="" if is_set else f"set {name.upper()}",
        )


def check_folder(name: str, folder: Path, *, needs_links: bool) -> Check:
    """
    Write, flush and, if needed, hard-link a file in `folder`; it leaves nothing behind.

    A folder that is not there yet is not made: the one it would be made in is tried.
    """
    there = _existing(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=there) as inside:
            _try_out(Path(inside), needs_links=needs_links)
    except OSError as error:
        what = "no hard links here" if error.filename2 else error.strerror
        return Check(
            name=name,
            verdict="problem",
            detail=f"{folder}: {what}",
            mend="choose a folder on a local disk that this user may write to",
        )
    what = "is writable and can be flushed" if there == folder else "can be made"
    return Check(name=name, verdict="ok", detail=f"{folder} {what}")


def _existing(folder: Path) -> Path:
    """Return `folder`, or the nearest folder above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _try_out(folder: Path, *, needs_links: bool) -> None:
    file = folder / "a"
    with file.open("wb") as handle:
        handle.write(b"callspool")
        handle.flush()
        os.fsync(handle.fileno())
    if needs_links:
        (folder / "b").hardlink_to(file)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_free_space(folder: Path) -> Check:
    """Compare the free space where the spool lies with what an hour of recordings takes."""
    free = shutil.disk_usage(_existing(folder)).free
    is_low = free < LOW_DISK_BYTES
    return Check(
        name="free disk",
        verdict="warning" if is_low else "ok",
        detail=f"{free / 1024**3:.1f} GB",
        mend="make room: an hour's recording takes about 60 MB" if is_low else "",
    )


def check_backup(root: Path, *, now: datetime) -> Check:
    """Tell how old the newest backup is; a warning where there are calls and it is old, or none."""
    if not root.is_dir():  # not there yet, or no folder, which the check of that tells
        return Check(name="backup", verdict="ok", detail="nothing to back up yet")
    try:
        newest, has_events = last_backup(root), count_lines(root, offset=0) > 0
    except SpoolError as error:
        mend = "`run.py spool verify` says what the spool lacks"
        return Check(name="backup", verdict="problem", detail=str(error), mend=mend)
    if newest is None:
        return Check(
            name="backup",
            verdict="warning" if has_events else "ok",
            detail="none was ever made" if has_events else "nothing to back up yet",
            mend="`run.py backup` to another disk, every night" if has_events else "",
        )
    place, at = newest
    is_old = now - at > OLD_BACKUP
    return Check(
        name="backup",
        verdict="warning" if is_old else "ok",
        detail=f"{_age(now - at)}, to {place}",
        mend=f"`run.py backup {place}`, and see why nothing does it every night" if is_old else "",
    )


def _age(age: timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    if hours < 1:
        return "less than an hour ago"
    if hours >= OLD_BACKUP.total_seconds() // 3600:
        return f"{hours // 24} days ago"
    return f"{hours} hour{'s' if hours > 1 else ''} ago"


def check_port(host: str, port: int) -> Check:
    """Try to listen on the address."""
    name = "port"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            return Check(
                name=name,
                verdict="warning",
                detail=f"{host}:{port} cannot be had: {error.strerror}",
                mend="if that is not Callspool already running, set PORT to a free one",
            )
    return Check(name=name, verdict="ok", detail=f"{host}:{port} is free")


def check_memory(settings: Settings) -> Check:
    """Open the memory store and read from it, if it is there."""
    if not settings.openmemory_db_path.exists():
        return Check(name="memory", verdict="ok", detail="not there yet: made at the first start")

    async def read() -> str:
        async with open_store(settings, must_exist=True) as store:
            counts = await store.counts()
        return f"{counts.memories} memories of {counts.callers} callers"

    return _attempt("memory", lambda: asyncio.run(read()))


def check_model(settings: Settings) -> Check:
    """Open the embedding model and encode a sentence."""

    async def encode() -> str:
        encoder = await open_model(settings)
        if encoder is None:
            return "off: memories are found by their words"
        try:
            began = time.monotonic()
            vectors = await encoder.encode(["Is this model ready?"])
            took_ms = (time.monotonic() - began) * 1000
            return f"{encoder.model}: {vectors.shape[1]} numbers in {took_ms:.0f} ms"
        finally:
            await encoder.close()

    mend = "set MEMORY_EMBEDDINGS=off to go without: memories are then found by their words"
    return _attempt("embedding model", lambda: asyncio.run(encode()), mend=mend)


def _attempt(name: str, action: Callable[[], str], *, mend: str = _REBUILD) -> Check:
    try:
        return Check(name=name, verdict="ok", detail=action())
    except (MemoryStoreError, OSError) as error:
        return Check(name=name, verdict="problem", detail=str(error), mend=mend)


def _print_settings(settings: Settings) -> None:
    table = Table("setting", "value", title="Settings", title_justify="left")
    for name, value in shown_settings(settings).items():
        table.add_row(name, escape(value))
    console.print(table)


def _print_checks(checks: list[Check]) -> None:
    table = Table("check", "", "finding", "what to do", title="Checks", title_justify="left")
    for check in checks:
        style = STYLES[check.verdict]
        verdict = f"[{style}]{check.verdict}[/{style}]"
        table.add_row(check.name, verdict, escape(check.detail), escape(check.mend))
    console.print(table)
