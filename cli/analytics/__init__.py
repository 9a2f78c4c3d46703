"""Figures about calls, as tables, bars, JSON and CSV: `run.py analytics`."""
