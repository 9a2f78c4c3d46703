"""The `.env` file: the example that documents every setting, and the first one, generated."""

import os
import secrets
import textwrap
from pathlib import Path

from settings import GENERATED, Settings

FIRST_LINES = """\
# Written at the first start. Every other setting, with its default, is in .env.example.
# ELEVENLABS_POST_CALL_KEY: put the secret here that ElevenLabs shows when you create the
# post-call webhook. The other two are yours: give them to ElevenLabs as the header X-Api-Key.
"""


def write_first_env_file(path: Path) -> bool:
    """
    Write `path` with newly generated secrets, readable by its owner only.

    Return False if it exists already: it is never overwritten.
    """
    lines = [f"{name}={_secret(name)}" for name in GENERATED]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(FIRST_LINES + "\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def _secret(name: str) -> str:
    prefix = "wsec_" if name == "ELEVENLABS_POST_CALL_KEY" else ""
    return prefix + secrets.token_hex(32)


def render_example() -> str:
    """Return the text of `.env.example`: every setting, its meaning and its default."""
    parts = ["# Copy what you want to change to .env. Every line shows the default.\n"]
    for name, field in Settings.model_fields.items():
        comment = textwrap.fill(
            field.description or "", 96, initial_indent="# ", subsequent_indent="# "
        )
        parts.append(f"{comment}\n{name.upper()}={_shown(field.default)}\n")
    return "\n".join(parts)


def _shown(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    value = getattr(default, "get_secret_value", None)
    return str(value() if value else default)
