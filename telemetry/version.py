"""Which release of the program this is."""

VERSION = "0.1.0"  # the one of pyproject.toml: the program runs where that is not installed
