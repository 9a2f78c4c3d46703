"""What a backfill tells of itself."""

from dataclasses import dataclass, field

from cloud.errors import CloudError
from cloud.fetching.intake import NotStorable
from cloud.retrying import may_help
from voice.errors import NotUnderstood

_MAX_NAMED = 100


@dataclass(slots=True, kw_only=True)
class BackfillReport:
    """
    What became of the calls; while it runs, what has become of them so far.

    `done` of those `listed` are dealt with. `there` had their event already; `still_running`,
    `recent` and `nothing_said` have none to store; `gone` counts calls and recordings that are
    listed, but not there to be fetched. `failures` names the first hundred of those that `failed`
    counts; `may_help`: another run may fetch one of them. `silent_agents` are those asked for of
    whom no call was listed. `broken_off` says why the run ended before its end, "" if it did
    not; `is_stopped`: because it was told to.
    """

    listed: int = 0
    done: int = 0
    there: int = 0
    stored: int = 0
    recordings: int = 0
    still_running: int = 0
    recent: int = 0
    nothing_said: int = 0
    gone: int = 0
    failed: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)
    may_help: bool = False
    silent_agents: list[str] = field(default_factory=list)
    is_listed_to_the_end: bool = False
    is_stopped: bool = False
    broken_off: str = ""

    def fail(self, conversation_id: str, error: CloudError | NotUnderstood) -> None:
        """Count a call that could not be fetched or stored."""
        self.failed += 1
        # What could not be stored can be once its message has been followed.
        self.may_help = self.may_help or may_help(error) or isinstance(error, NotStorable)
        if len(self.failures) < _MAX_NAMED:
            self.failures.append((conversation_id, str(error)))
