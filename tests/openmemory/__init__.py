"""OpenMemory for the tests: a server in its place, its recordings, and the real one if there."""
