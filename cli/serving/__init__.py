"""The running program: its services, what it says, what looks on."""
