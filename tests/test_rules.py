"""The rules of the house that no tool checks."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cli.env_file import render_example

ROOT = Path(__file__).parent.parent
PACKAGES = (
    *("analytics", "cli", "cloud", "history", "memory"),
    *("processor", "receiver", "spool", "telemetry", "voice"),
)
SOURCES = sorted(
    [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    + [
        ROOT / f"{name}.py"
        for name in ("run", "setting_groups", "setting_operation", "setting_values", "settings")
    ]
)
MAY_IMPORT = {
    "spool": {"spool"},
    "memory": {"memory"},
    "telemetry": {"telemetry"},
    "voice": {"voice", "memory"},
    "cloud": {"cloud", "spool", "voice", "memory"},
    "history": {"history", "spool", "voice", "memory"},
    "analytics": {"analytics", "history", "spool", "voice", "memory"},
    "processor": {"processor", "history", "spool", "voice", "memory", "telemetry"},
    "receiver": {"receiver", "history", "spool", "voice", "memory", "telemetry"},
}
# Pure: the same input gives the same output, and nothing happens outside.
PURE = [
    *(ROOT / "voice").glob("*.py"),
    *(ROOT / "analytics").glob("*.py"),
    *(ROOT / "voice" / "instruction_phrases").glob("*.py"),
    *(ROOT / "voice" / "redaction").glob("*.py"),
    ROOT / "spool" / "format.py",
    ROOT / "spool" / "backup" / "manifest.py",
    ROOT / "memory" / "content.py",
    ROOT / "telemetry" / "metrics_labels.py",
    *(path for path in (ROOT / "memory" / "recall").rglob("*.py") if path.name != "cache.py"),
    *(
        ROOT / "memory" / f"{name}.py"
        for name in (
            *("profile", "facts", "notes", "names", "topics", "preferences", "commitments"),
            *("rolling", "sentences", "moments", "alike", "outdated", "attempts"),
            *("values", "holdings"),
            *("speakers", "same_name", "nicknames"),
        )
    ),
    *(
        ROOT / "memory" / "openmemory" / f"{name}.py"
        for name in (
            *("backend", "wanted", "plan", "fuse", "breaker", "entry"),
            *("server/answers", "server/address", "sdk/messages", "ledger_tables"),
        )
    ),
    *(
        ROOT / "cloud" / "connecting" / f"{name}.py"
        for name in (
            *("edits", "wanted", "fields", "tools", "current", "objects", "bindings"),
            *("describe", "steps", "plan"),
        )
    ),
    *(ROOT / "cloud" / "calling" / f"{name}.py" for name in ("request", "result", "briefing")),
    *(ROOT / "history" / f"{name}.py" for name in ("words", "values", "tables", "shown")),
    ROOT / "processor" / "derive.py",
    *(ROOT / "processor" / "erasure" / f"{name}.py" for name in ("mentions", "certificate")),
    *(
        ROOT / "processor" / f"{name}.py"
        for name in ("notes", "promises", "phrases", "stated", "sectors")
    ),
    ROOT / "processor" / "sector_rules.py",
    *(ROOT / "processor" / "retention" / f"{name}.py" for name in ("policy", "plan", "report")),
    *(ROOT / "processor" / "sector_phrases").glob("*.py"),
    *(ROOT / "receiver" / "openapi").glob("*.py"),
    *(ROOT / "receiver" / f"{name}.py" for name in ("ranges", "shown", "activity_events")),
    *(
        ROOT / "cli" / "watching" / f"{name}.py"
        for name in ("board", "units", "lines", "screen", "untrusted")
    ),
    ROOT / "telemetry" / "tracing.py",
    *(
        ROOT / "receiver" / "limits" / f"{name}.py"
        for name in ("address", "admission", "token_bucket")
    ),
]
IMPURE_MODULES = {"os", "time", "random", "asyncio", "sqlite3", "aiohttp", "socket", "threading"}
MAX_LINES = 300
MAX_FUNCTION_LINES = 40


def for_each(paths: list[Path]) -> Callable[[Callable[[Path], None]], Callable[[], None]]:
    """Make a check of one file a test of all of them: thousands of tests take their time."""

    def decorate(check: Callable[[Path], None]) -> Callable[[], None]:
        def test() -> None:
            wrong = []
            for path in paths:
                try:
                    check(path)
                except AssertionError as error:
                    wrong.append(f"{path.relative_to(ROOT)}: {error}")
            assert not wrong, "\n".join(wrong)

        assert paths
        return test

    return decorate


by_source = for_each(SOURCES)


def imported(path: Path) -> set[str]:
    """Return every module that the file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@by_source
def test_a_source_file_is_short_and_says_what_it_is(path):
    text = path.read_text("utf-8")
    assert text.count("\n") <= MAX_LINES
    assert ast.get_docstring(ast.parse(text))


@by_source
def test_a_function_is_short(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name} has {lines} lines"


@by_source
def test_a_package_imports_only_what_it_may(path):
    package = path.relative_to(ROOT).parts[0]
    ours = {name.partition(".")[0] for name in imported(path)} & {*PACKAGES, "settings"}
    assert ours <= MAY_IMPORT.get(package, {*PACKAGES, "settings"})


@by_source
def test_only_one_place_names_a_memory_adapter(path):
    adapters = {"memory.embedded", "memory.in_memory", "memory.openmemory.store"}
    if path.parent != ROOT / "memory" and path != ROOT / "cli" / "assembly" / "store.py":
        assert not imported(path) & adapters


@by_source
def test_only_one_place_names_an_openmemory(path):
    backends = {"memory.openmemory.server.backend", "memory.openmemory.sdk.backend"}
    if path != ROOT / "cli" / "assembly" / "openmemory.py":
        assert not imported(path) & backends


def test_without_an_openmemory_nothing_of_it_is_loaded():
    modules = "cli.serving.services, cli.doctor, cli.status, cli.search, sys"
    code = f"import {modules}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "openmemory" not in loaded.stdout


@by_source
def test_only_the_settings_read_the_environment(path):
    if path.name != "settings.py":
        text = path.read_text("utf-8")
        assert "os.environ" not in text
        assert "getenv" not in text


@for_each(PURE)
def test_the_pure_core_does_no_input_or_output(path):
    assert not {name.partition(".")[0] for name in imported(path)} & IMPURE_MODULES


@by_source
def test_a_switch_is_named_where_it_is_used(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            positional = node.args.posonlyargs + node.args.args
            optional = positional[len(positional) - len(node.args.defaults) :]
            # A default argument that may be given by position reads as a riddle at the call.
            allowed = {"env_file"}
            assert not {arg.arg for arg in optional} - allowed, node.name


def test_the_example_settings_are_the_settings():
    assert (ROOT / ".env.example").read_text("utf-8") == render_example()


def test_nothing_that_is_committed_names_a_package_registry():
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = [name for name in listing.stdout.split("\0") if name]
    hosts = [b"py" + b"pi.org", b"python" + b"hosted.org"]
    for name in names:
        path = ROOT / name
        if path.is_file():
            content = path.read_bytes()
            assert not any(host in content for host in hosts), name
    assert "uv.lock" not in names
