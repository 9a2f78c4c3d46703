"""Retention: what is no longer to be kept goes, and the spool says so."""
