"""The `.env` file: the example that documents every setting, and the first one, generated."""

import io
import os
import re
import secrets
import textwrap
from pathlib import Path

from dotenv.parser import parse_stream

from settings import GENERATED, Settings

FIRST_LINES = """\
# Written at the first start. Every other setting, with its default, is in .env.example.
# ELEVENLABS_POST_CALL_KEY: the secret that ElevenLabs shows when the post-call webhook is made.
# `run.py connect` puts it here. The other two are yours: ElevenLabs sends them as X-Api-Key.
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


def put_first_secrets(path: Path) -> None:
    """Write newly generated secrets to `path`, beside what may stand there already."""
    if not write_first_env_file(path):
        for name in GENERATED:
            put_value(path, name, _secret(name))


def _secret(name: str) -> str:
    prefix = "wsec_" if name == "ELEVENLABS_POST_CALL_KEY" else ""
    return prefix + secrets.token_hex(32)


_BYTE_ORDER_MARK = "\ufeff"
# As python-dotenv reads a line: what is before the value, the value, a comment, the line's end.
_LINE = re.compile(
    r"(?P<before>\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=\#\s]+)[^\S\r\n]*)"
    r"(?P<equal>=[^\S\r\n]*)?"
    r"(?P<value>'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\r\n]*?)"
    r"(?P<after>(?:(?:[^\S\r\n]+|(?<=[ \t]))\#[^\r\n]*)?[^\S\r\n]*(?:\r\n|\n|\r|$))",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^\s'\"\#$`\\]*")
_IN_QUOTES = re.compile(r"(?:(?!\$\{)[^\r\n])*")  # python-dotenv fills ${…} in wherever it stands


def put_value(path: Path, name: str, value: str) -> None:
    """
    Set `name` in the file at `path`, which is made if it is missing; all else stays as it is.

    Of several lines with that name the last counts, and is the one that changes. When this
    returns the value is there after a power cut; if it raises (OSError, UnicodeDecodeError),
    the file is as it was. Raises ValueError for a value of several lines or with ${.
    """
    if not _IN_QUOTES.fullmatch(value):
        raise ValueError(f"the value for {name} cannot stand in {path}")
    if not _PLAIN.fullmatch(value):
        value = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    target = path.resolve()  # a link stays a link
    try:
        old, mode = target.read_bytes().decode("utf-8"), target.stat().st_mode & 0o777
    except FileNotFoundError:
        old, mode = "", 0o600
    mark = _BYTE_ORDER_MARK if old.startswith(_BYTE_ORDER_MARK) else ""
    text = mark + _with_value(old.removeprefix(mark), name, value)
    _replace(target, text.encode("utf-8"), mode)


def _with_value(text: str, name: str, value: str) -> str:
    lines = [binding.original.string for binding in parse_stream(io.StringIO(text, newline=""))]
    keys = [binding.key for binding in parse_stream(io.StringIO(text, newline=""))]
    places = [i for i, key in enumerate(keys) if key and key.upper() == name.upper()]
    found = _LINE.fullmatch(lines[places[-1]]) if places else None
    if found is None:
        end = "\r\n" if "\r\n" in text else "\n"
        gap = "" if not text or text.endswith(("\n", "\r")) else end
        return f"{text}{gap}{name}={value}{end}"
    equal = found["equal"] or "="
    gap = " " if found["after"].startswith("#") else ""  # else the comment would be of the value
    lines[places[-1]] = f"{found['before']}{equal}{value}{gap}{found['after']}"
    return "".join(lines)


def _replace(target: Path, data: bytes, mode: int) -> None:
    """Put a new file in the place of `target`, durably; raises OSError."""
    partial = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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
