"""What commands print: answers to stdout, problems to stderr."""

import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
from rich.console import Console

logger = logging.getLogger(__name__)

console = Console(highlight=False, soft_wrap=True)
problems = Console(stderr=True, highlight=False, soft_wrap=True)


def keep_numbers_of_streams() -> None:
    """Have no file get the number of stdin, stdout or stderr, and what is written there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one


def show_every_letter() -> None:
    """Have stdout show what its encoding lacks by its number: names come in any script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_json(value: object) -> None:
    """Print `value` as one JSON document."""
    encoded = msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2)
    sys.stdout.write(encoded.decode() + "\n")


def print_problems(title: str, lines: Sequence[str]) -> None:
    """Print what is wrong, a line each, on stderr. Text of others is never read as markup."""
    problems.print(title, style="bold red")
    for line in lines:
        problems.print(f"  {line}", markup=False)


@contextmanager
def for_whoever_reads() -> Iterator[None]:
    """Print what a server says by the way: a full disk, or nobody there, does not end it."""
    try:
        yield
    except (OSError, SystemExit) as error:  # the latter is Rich's answer to a broken pipe
        logger.warning(
            "stdout takes nothing, so what it gets at the start cannot be printed: %s",
            error if isinstance(error, OSError) else "nobody reads it",
            extra={"action": "not_printed"},
        )
        console.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # what waits in it would fail again at the end
        os.close(nowhere)
