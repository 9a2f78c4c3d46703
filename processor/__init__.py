"""From the spool to memory: follow the ledger, derive, apply, retry, rebuild."""
