"""What the README says is true of the program."""

import re
from pathlib import Path

import typer

from cli.app import app
from settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def commands(command, path=()):
    """Yield the words of every command that does something."""
    if isinstance(command, typer.core.TyperGroup):
        if command.invoke_without_command:
            yield path
        for name, each in command.commands.items():
            yield from commands(each, (*path, name))
    else:
        yield path


def test_every_command_is_described_and_every_described_command_exists():
    existing = {" ".join(path) for path in commands(typer.main.get_command(app))}
    table = README.partition("## Commands")[2].partition("## ")[0]
    described = set(re.findall(r"`run\.py ([a-z -]+)`", table))
    assert described == existing


def test_every_setting_is_described():
    table = README.partition("## Settings")[2].partition("## ")[0]
    described = set(re.findall(r"`([A-Z][A-Z_]+)`", table))
    assert {name.upper() for name in Settings.model_fields} <= described


def test_every_file_that_the_readme_sends_the_reader_to_exists():
    named = re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py)`", README)
    named += re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(named) > 8
    for name in named:
        assert (ROOT / name).is_file(), name


def test_every_option_that_the_readme_names_exists():
    table = README.partition("## Commands")[2].partition("## ")[0]
    for row in (line for line in table.splitlines() if line.startswith("|")):
        words = re.findall(r"`run\.py ([a-z -]+)`", row)
        existing = {option for each in words for option in options(each.split())}
        for option in re.findall(r"`(--[a-z-]+)", row):
            assert option in existing, f"{words}: {option}"


def options(path):
    """Return every option of the command that these words name."""
    command = typer.main.get_command(app)
    for word in path:
        command = command.commands[word]
    return {option for parameter in command.params for option in parameter.opts}
