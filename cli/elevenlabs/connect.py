"""`connect` and `disconnect`: the plan, the question, what was done, and the proof."""

import asyncio
import sys
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace

import httpx
import typer
from rich.markup import escape
from rich.table import Table

from cli.elevenlabs.connection import (
    Unusable,
    goal_of,
    keys_of,
    only_one,
    open_connection,
    record_file,
    server_address,
)
from cli.output import console, print_json, print_problems
from cloud.connecting.connect import Connection, Outcome
from cloud.connecting.current import Current
from cloud.connecting.disconnect import goal_without
from cloud.connecting.record import RecordFile
from cloud.connecting.steps import Line, Plan
from cloud.connecting.wanted import Goal, Scope
from cloud.errors import CloudError
from settings import Settings
from spool.format import SpoolError

_PROBE_SECONDS = 3.0
_STYLES = {
    "in place": "dim",
    "create": "green",
    "change": "yellow",
    "remove": "red",
    "left alone": "dim",
}
_DIFFERENCES = ("create", "change", "remove")
_GO_ON = "what was done is recorded: run it again, and it goes on from there"
_NO_TERMINAL = "nobody can be asked here: look at the plan with --dry-run, then run it with --yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """`done` is what is said when all is as it should be."""

    dry_run: bool
    yes: bool
    as_json: bool
    done: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """What came of it; `code` is the exit code. `is_shown` if the plan was shown already."""

    code: int
    plan: tuple[Line, ...] = ()
    applied: bool = False
    verified: bool = False
    problems: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    is_shown: bool = False


def connect(
    settings: Settings,
    agent: str,
    *,
    url: str | None,
    scope: Scope,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """
    Set everything up that the agent needs to remember; return the exit code.

    Raises MissingApiKey, CloudError where the workspace cannot even be read, and
    AlreadyConnecting.
    """
    done = f"{agent} is connected: it remembers who calls."
    options = _Options(dry_run=dry_run, yes=yes, as_json=as_json, done=done)
    with nullcontext() if dry_run else only_one(settings):
        record = record_file(settings).load()
        try:
            address = server_address(next(iter(record.urls), "") if url is None else url)
            goal = goal_of(settings, record, agent, url=address, scope=scope)
            report = asyncio.run(_run(settings, goal, options))
        except Unusable as error:
            return _printed(_Report(code=2, problems=(str(error),)), options)
    if report.verified and not dry_run:
        report = replace(report, hints=(*_probe(address), *report.hints))
    return _printed(report, options)


def disconnect(
    settings: Settings, *, agent: str | None, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """
    Undo what connect made, for one agent or for all; return the exit code.

    Raises MissingApiKey, NotConnected, CloudError where the workspace cannot even be read, and
    AlreadyConnecting.
    """
    done = f"{agent or 'Everything'} is disconnected."
    options = _Options(dry_run=dry_run, yes=yes, as_json=as_json, done=done)
    file = record_file(settings)
    if agent is None and not file.path.exists():
        return _printed(_Report(code=0, verified=True, hints=("nothing was connected",)), options)
    try:
        with nullcontext() if dry_run else only_one(settings):
            goal = goal_without(file.load(), agent, keys=keys_of(settings))
            report = asyncio.run(_run(settings, goal, options))
    except Unusable as error:
        report = _Report(code=2, problems=(str(error),))
    if report.verified and not dry_run and not file.load().agents:
        report = replace(report, hints=(*report.hints, *_still_done(settings, file)))
    return _printed(report, options)


def _still_done(settings: Settings, file: RecordFile) -> tuple[str, ...]:
    """Return what goes on although no agent is connected any more."""
    left = "run disconnect again when nobody uses what stays, and it goes too"
    fetched = (
        "missed calls of all agents in this workspace are still fetched every "
        f"{settings.reconcile_every} while ELEVENLABS_API_KEY is set: RECONCILE_EVERY=off stops it"
    )
    hints = ((left, file.path.exists()), (fetched, settings.reconcile_every_seconds > 0))
    return tuple(hint for hint, is_so in hints if is_so)


async def _run(settings: Settings, goal: Goal, options: _Options) -> _Report:
    async with open_connection(settings, goal) as connection:
        current, plan = await connection.read()
        report = _Report(code=0, plan=plan.lines, hints=plan.hints)
        if plan.problems:
            return replace(report, code=1, problems=plan.problems)
        if options.dry_run:
            return replace(report, verified=not plan.steps)
        if plan.steps and not options.yes:
            if options.as_json or not sys.stdin.isatty():
                raise Unusable(_NO_TERMINAL)
            _print_plan(plan.lines)
            report = replace(report, is_shown=True)
            if not typer.confirm("Apply?", default=False):
                return replace(report, code=1, problems=("declined: nothing was changed",))
        return await _apply(connection, current, plan, report)


async def _apply(connection: Connection, current: Current, plan: Plan, report: _Report) -> _Report:
    try:
        outcome = await connection.apply(current, plan)
    except (CloudError, SpoolError, OSError) as error:
        return replace(report, code=1, applied=True, problems=(str(error), _GO_ON))
    return replace(
        report,
        code=0 if outcome.is_verified else 1,
        applied=bool(plan.steps),
        verified=outcome.is_verified,
        problems=_differences(outcome),
        hints=(*outcome.left, *report.hints),
    )


def _differences(outcome: Outcome) -> tuple[str, ...]:
    if outcome.is_verified:
        return ()
    lines = [line for line in outcome.rest.lines if line.state in _DIFFERENCES]
    differing = tuple(f"not as it should be: {line.what} ({line.detail})" for line in lines)
    return (*outcome.rest.problems, *differing)


def _probe(url: str) -> tuple[str, ...]:
    """Return a warning if this server does not answer at the address it was connected to."""
    try:
        answer = httpx.get(
            f"{url}/health",
            timeout=_PROBE_SECONDS,
            headers={"ngrok-skip-browser-warning": "1"},
        )
        is_ours = "backlog" in answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError):
        is_ours = False
    warning = (
        f"{url} does not answer yet: start `run.py all-in-one`, and make sure that it leads there"
    )
    return () if is_ours else (warning,)


def _printed(report: _Report, options: _Options) -> int:
    """Print the report, and return its exit code."""
    if options.as_json:
        print_json(
            {
                "plan": [asdict(line) for line in report.plan],
                "applied": report.applied,
                "verified": report.verified,
                "problems": report.problems,
                "hints": report.hints,
            }
        )
        return report.code
    if report.plan and not report.is_shown:
        _print_plan(report.plan)
    if report.problems:
        print_problems("This is not done:", report.problems)
    elif options.dry_run and not report.verified:
        console.print("Nothing was changed: this was a dry run.")
    elif report.verified:
        verified = "read back and as planned" if report.applied else "nothing to change"
        console.print(f"{options.done} ({verified})", markup=False)
    for hint in report.hints if report.code == 0 else ():
        console.print(f"  {hint}", markup=False)
    return report.code


def _print_plan(lines: Iterable[Line]) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=False, overflow="fold")  # an address that is cut is of no use
    for line in lines:
        style = _STYLES[line.state]
        table.add_row(f"[{style}]{line.state}[/{style}]", escape(f"{line.what}: {line.detail}"))
    console.print(table)
