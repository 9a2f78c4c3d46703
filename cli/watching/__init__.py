"""The live view: `run.py watch`."""
