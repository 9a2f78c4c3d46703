"""The way in from the internet: a tunnel, and keeping it open."""
