"""What every command begins with: the settings, the log, and a word about misspelt names."""

from typing import Annotated

import typer

from cli.output import problems
from settings import ENV_FILE, Settings, load_settings, needs_first_env_file, unknown_names

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def start(*, required: tuple[str, ...] = (), first_env_file: bool = False) -> Settings:
    """
    Return the settings, and set up logging by them; raises SettingsError.

    With `first_env_file`, where nobody has configured anything yet, `.env` is written first.
    """
    from cli.env_file import write_first_env_file
    from cli.logs import set_up_logging

    if first_env_file and needs_first_env_file() and write_first_env_file(ENV_FILE):
        problems.print(f"First start: wrote {ENV_FILE.resolve()} with new secrets.", markup=False)
    settings = load_settings(required=required)
    set_up_logging(settings.log_level, settings.log_format)
    for line in unknown_names():
        problems.print(line, style="yellow", markup=False)
    return settings
