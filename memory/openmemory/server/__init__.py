"""Remote mode: an OpenMemory server, over HTTP."""
