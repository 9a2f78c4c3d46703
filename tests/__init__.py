"""Tests: names are sentences about behaviour."""
