"""From settings to parts that work."""
