"""Callspool: `python run.py all-in-one` runs everything, `python run.py --help` shows the rest."""

import sys

if __name__ == "__main__":
    try:
        from cli.app import main

        main()
    except KeyboardInterrupt:
        sys.exit(130)
