"""Backups: a spool and its memory, copied to another place and put back from there."""
