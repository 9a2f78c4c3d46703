"""Local mode: the OpenMemory SDK, in a process of its own."""
