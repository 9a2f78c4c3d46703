"""What every command begins with: the settings, the log, and a word about misspelt names."""

import logging
from typing import Annotated

import typer

from cli.output import problems
from settings import ENV_FILE, Settings, load_settings, needs_first_secrets, unknown_names

logger = logging.getLogger(__name__)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def start(
    *, required: tuple[str, ...] = (), first_secrets: bool = False, opens_spool: bool = True
) -> Settings:
    """
    Return the settings, and set up logging by them; raises SettingsError.

    With `first_secrets`, where nobody has configured any key yet, `.env` gets new ones first.
    With `opens_spool`, a spool that this program must not open is refused (SpoolError).
    """
    from cli.env_file import put_first_secrets
    from cli.logs import set_up_logging
    from spool.version import check_format

    if first_secrets and needs_first_secrets():
        put_first_secrets(ENV_FILE)
        problems.print(f"First start: wrote new secrets into {ENV_FILE.resolve()}.", markup=False)
    settings = load_settings(required=required)
    set_up_logging(settings.log_level, settings.log_format)
    for line in unknown_names():
        if settings.log_format == "json":
            logger.warning(line, extra={"action": "unknown_setting"})
        else:
            problems.print(line, style="yellow", markup=False)
    if opens_spool:
        check_format(settings.payload_storage_path)
    return settings
