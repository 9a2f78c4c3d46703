"""Who may ask how much: client addresses, token buckets, and the gate for large bodies."""
