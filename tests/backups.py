"""A spool with everything that can be in one, its memory, and backups of both."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from memory.embedded_copy import copy_memory, put_memory
from processor.service import catch_up
from spool.backup.backup import Backup, back_up
from spool.backup.folder import opened_place
from spool.backup.restore import restore
from spool.reader import ledger_identity, read_receipts
from spool.standing_orders import Orders
from spool.verify import verify
from tests.memories import exported
from tests.spools import QUICK, a_store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def take(data, place, **options):
    """Back up the spool and the memory file in `data` to `place`; return the report."""
    root = data / "spool"
    numbers = options.pop("ids", None) or count(int(options.pop("first_id", 1)))
    known, anew = options.pop("is_known", False), options.pop("begins_anew", False)
    run = Backup(
        root=root,
        place=place,
        copy_memory=options.pop("copy", lambda target: copy_memory(data / "memory.db", target)),
        clock=lambda: NOW,
        new_id=lambda: f"{next(numbers):012x}",
        **options,
    )
    with opened_place(place, identity=ledger_identity(root), is_known=known, begins_anew=anew):
        return back_up(run)


def put_back(place, data, **options):
    """Restore the backup at `place` into `data`; return the report."""
    data.mkdir(parents=True, exist_ok=True)
    return restore(
        place,
        data / "spool",
        put_memory=lambda copy: put_memory(copy, data / "memory.db"),
        **options,
    )


async def caught_up(data, *, memory="memory.db"):
    """Have a processor bring memory up to the spool in `data`; return the export."""
    async with a_store(data / memory) as store:
        orders = Orders(data / "spool")
        await catch_up(data / "spool", store, QUICK, orders=orders, stop=asyncio.Event())
        return await exported(store)


def findings(data):
    """What `spool verify` finds."""
    return verify(data / "spool", pause=lambda _: None).findings


def files_in(folder):
    """Every file below a folder with its content, relative."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file() and not path.name.endswith("lock")
    }


def sources(data):
    """The file and the source of every receipt."""
    return [(receipt.file, receipt.source) for receipt, _ in read_receipts(data / "spool")]


def days(number):
    return timedelta(days=number)


def holds(folder, *texts):
    """Every file below `folder` in which one of the texts is, in whatever way JSON writes it."""
    wanted = [text.encode() for text in texts] + [json.dumps(text)[1:-1].encode() for text in texts]
    return sorted(
        name
        for name, content in files_in(folder).items()
        if any(each in content for each in wanted)
    )
