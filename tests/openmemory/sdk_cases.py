"""The SDK's process for tests: with the stand-in, and with the real SDK where there is one."""

import asyncio
import importlib.util
import os
import sqlite3
import subprocess
from contextlib import asynccontextmanager, closing
from pathlib import Path

from memory.openmemory.sdk.backend import SdkBackend, sdk_variables

ADA, BOB = "+15550100142", "+15550100177"
STAND_IN = Path(__file__).parent / "sdk_standin"
KINDS = ["stand-in", *(["real"] if importlib.util.find_spec("openmemory") else [])]


def environment_of(kind, database, *, faults=None):
    """Return all that the process is to have."""
    environment = {**os.environ, **sdk_variables(database)}
    if kind == "stand-in":
        environment["PYTHONPATH"] = str(STAND_IN)
    if faults is not None:
        environment["OPENMEMORY_STANDIN_FAULTS"] = str(faults)
    return environment


@asynccontextmanager
async def sdk(folder, *, kind="stand-in", faults=(), environment=None, **options):
    """Open a backend in `folder`, and close it; `faults` are those of the stand-in."""
    database = folder / "openmemory.db"
    note = folder / "faults"
    await asyncio.to_thread(note.write_text, "\n".join(faults), "utf-8")
    wanted = environment or environment_of(kind, database, faults=note)
    patient = {"timeout_seconds": 40.0, "query_timeout_seconds": 40.0}
    backend = await SdkBackend.open(database, environment=wanted, **{**patient, **options})
    try:
        yield backend
    finally:
        await backend.close()


async def put(backend, user, text):
    """Add a text and return its id."""
    return await backend.add(user, text, tags=("callspool",), metadata={"callspool_key": text})


def process_of(backend):
    """Return the process as asyncio has it."""
    return backend._process._child.process


def stored(folder, asked):
    """Return what a query of the database itself gives."""
    with closing(sqlite3.connect(folder / "openmemory.db")) as connection, connection:
        return connection.execute(asked).fetchall()


def is_running(pid):
    """Tell whether there is such a process, one that has not ended."""
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(listed.stdout.strip()) and not listed.stdout.strip().startswith("Z")


async def until(condition, *arguments):
    """Wait until `condition` holds; the test's own time limit is the limit."""
    while not await asyncio.to_thread(condition, *arguments):
        await asyncio.sleep(0.05)
