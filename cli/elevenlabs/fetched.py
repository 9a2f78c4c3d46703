"""What `backfill` says at its end."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

from cli.output import console, print_json, print_problems, problems
from cloud.fetching.report import BackfillReport


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentAgent:
    """An agent somebody named, without calls; `doubt`: why nobody knows whether it exists."""

    agent_id: str
    is_known: bool = True
    doubt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a backfill did, and for whom; `silent`: those of whom calls were to be there."""

    report: BackfillReport
    silent: list[SilentAgent]
    since: datetime
    stored_by: Literal["backfill", "server"]
    has_processor: bool

    @property
    def unknown_agents(self) -> list[str]:
        """The agents somebody named that ElevenLabs does not know."""
        return [each.agent_id for each in self.silent if not each.is_known]


def tell(done: Done, *, as_json: bool, audio: bool) -> None:
    """Print the result on stdout, and what went wrong on stderr; `audio`: recordings too."""
    if as_json:
        print_json(_as_json(done))
    else:
        _print(done, audio=audio)
    for agent_id in done.unknown_agents:
        problems.print(
            f"ElevenLabs knows no agent {agent_id}: check the id, and that the API key belongs "
            "to the same workspace",
            style="bold red",
            markup=False,
        )
    print_report_problems(done.report)


def shown(moment: datetime) -> str:
    """Return a moment (UTC) for people."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _as_json(done: Done) -> dict[str, object]:
    return {
        **asdict(done.report),
        "since": done.since.isoformat(),
        "stored_by": done.stored_by,
        "processor_is_running": done.has_processor,
        "unknown_agents": done.unknown_agents,
    }


def _print(done: Done, *, audio: bool) -> None:
    report = done.report
    recordings = f", with {report.recordings} recordings" if audio else ""
    console.print(
        f"{report.done} calls looked at since {shown(done.since)}: {report.stored} were missing "
        f"and are stored now{recordings}; {report.there} were there.",
        markup=False,
    )
    for count, what in (
        (report.still_running, "not over yet: run it again later"),
        (report.nothing_said, "with nothing to store: it broke off before anybody spoke"),
        (report.gone, "listed, but not kept by ElevenLabs, the call or its recording"),
    ):
        if count:
            console.print(f"  {count} {what}", markup=False)
    for each in done.silent:
        if each.is_known:
            doubt = f" ({each.doubt})" if each.doubt else ""
            console.print(
                f"No call of {each.agent_id} since {shown(done.since)}: if there should be some, "
                f"check the id{doubt}.",
                markup=False,
            )
    if report.stored and not done.has_processor:
        console.print("No processor is running: memory follows when one is started.")


def print_report_problems(report: BackfillReport) -> None:
    """Print what went wrong, and whether running it again helps."""
    if report.failures:
        lines = [f"{conversation_id}: {error}" for conversation_id, error in report.failures]
        more = report.failed - len(lines)
        if more:
            lines.append(f"and {more} more")
        print_problems(f"{report.failed} calls could not be fetched:", lines)
    if report.broken_off:
        problems.print(report.broken_off, style="bold red", markup=False)
    if report.is_stopped:
        problems.print("Stopped, as told.")
    if report.may_help or report.broken_off or report.is_stopped:
        problems.print("Run it again to go on: what is stored is not fetched again.")
    elif report.failed:
        problems.print("Running it again does not help: look for a newer version of Callspool.")
