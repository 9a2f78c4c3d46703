"""`run.py retention` and `run.py stats`."""
