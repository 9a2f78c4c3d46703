"""History: an index of the spool, to look back quickly, and what reads the spool by it."""
