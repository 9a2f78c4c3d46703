"""What needs the platform: connect, expose, backfill, call."""
