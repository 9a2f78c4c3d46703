"""`run.py history`: the conversations."""
