"""OpenMemory as a mirror of the embedded store: it gets every memory, and takes part in recall."""
