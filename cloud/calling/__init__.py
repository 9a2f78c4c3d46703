"""Starting calls: what is asked for, what the agent is told, one dial for a key, and its record."""
