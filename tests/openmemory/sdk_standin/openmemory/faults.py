"""What goes wrong, as the file of faults says."""

import os
import sqlite3
import time
from pathlib import Path


def fault(call):
    """Let the next fault of `call` happen; return its name if it is for the caller to do."""
    name = os.environ.get("OPENMEMORY_STANDIN_FAULTS")
    if name is None or not Path(name).exists():
        return ""
    lines = Path(name).read_text("utf-8").splitlines()
    line = next((line for line in lines if line.split()[0] == call), None)
    if line is None:
        return ""
    lines.remove(line)
    Path(name).write_text("\n".join(lines), "utf-8")
    kind = line.split()[1]
    if kind == "hang":
        time.sleep(3600)
    elif kind == "die":
        os._exit(7)
    elif kind == "raise":
        raise RuntimeError("the embedding of what a caller said failed: my name is Ada")
    elif kind == "locked":
        raise sqlite3.OperationalError("database is locked")
    elif kind == "value":
        raise ValueError("a key is missing")
    return kind
