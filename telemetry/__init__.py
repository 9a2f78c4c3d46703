"""What the program tells of itself while it runs: metrics, ids in logs, traces, activity."""
