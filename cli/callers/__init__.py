"""`run.py callers`: who has called, what is known, and letting go of it."""
