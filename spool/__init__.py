"""The spool: every accepted event, durable on disk, in plain folders."""
