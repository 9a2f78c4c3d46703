"""Callspool: `python run.py all-in-one` runs everything, `python run.py --help` shows the rest."""

from cli.app import main

if __name__ == "__main__":
    main()
