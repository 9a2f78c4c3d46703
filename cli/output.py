"""What commands print: answers to stdout, problems to stderr."""

import sys
from collections.abc import Sequence

import msgspec
from rich.console import Console

console = Console(highlight=False, soft_wrap=True)
problems = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Print `value` as one JSON document."""
    encoded = msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def print_problems(title: str, lines: Sequence[str]) -> None:
    """Print what is wrong, a line each, on stderr. Text of others is never read as markup."""
    problems.print(title, style="bold red")
    for line in lines:
        problems.print(f"  {line}", markup=False)
