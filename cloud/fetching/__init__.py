"""Fetching calls that never arrived: listing, handing over to the spool, and the timed job."""
