"""What is remembered of a caller: one port, its adapters, and the pure functions they share."""
