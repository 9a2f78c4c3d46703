"""Erasure: everything of a caller, or of one conversation, gone from every file, and proven so."""
