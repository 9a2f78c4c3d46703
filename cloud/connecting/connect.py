"""Carrying a plan out: one step, then a new plan, until nothing is left to do; then the proof."""

import logging
from dataclasses import dataclass, replace

from cloud.connecting.carry_out import Carrier
from cloud.connecting.current import Current
from cloud.connecting.disconnect import drop_secrets
from cloud.connecting.plan import make_plan
from cloud.connecting.record import Record, RecordFile
from cloud.connecting.secret_file import SecretFile
from cloud.connecting.steps import CreateSecret, CreateTool, CreateWebhook, Plan, Step
from cloud.connecting.wanted import Goal
from cloud.connecting.workspace import Workspace
from cloud.errors import CloudError, Refused, Unreachable

logger = logging.getLogger(__name__)

_MAX_STEPS = 100  # far more than any plan has: a platform that takes nothing is no endless loop
_MAX_LOST_ANSWERS = 3
_CONFLICT = 409
_TIMEOUT = 408
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What came of it: `rest` is what a new plan, made from what was read afterwards, still wants.

    An empty one is the proof. `left` tells what could not be deleted and who uses it; it stays
    recorded, so that disconnecting later can delete it.
    """

    rest: Plan
    left: tuple[str, ...]

    @property
    def is_verified(self) -> bool:
        """True if everything is as it was planned."""
        return not self.rest.steps and not self.rest.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Everything that connecting and disconnecting needs."""

    workspace: Workspace
    goal: Goal
    record_file: RecordFile
    secrets: SecretFile

    async def read(self) -> tuple[Current, Plan]:
        """Return what the workspace holds and what is to be done; raises CloudError, OSError."""
        record = self.record_file.load()
        current = await self._read(record)
        return current, self._plan(current, record, {})

    async def apply(self, current: Current, plan: Plan) -> Outcome:
        """
        Carry out the plan for `current` and read back what became of it.

        Raises CloudError, OSError or SpoolError when it cannot go on; done again, it goes on
        from there.
        """
        carrier = Carrier(
            self.workspace, self.goal, record_file=self.record_file, secrets=self.secrets
        )
        done: list[Step] = []
        record = plan.record
        if record != self.record_file.load():
            self.record_file.save(record)
        while plan.steps and not plan.problems and len(done) < _MAX_STEPS:
            step = plan.steps[0]
            if step in done and not isinstance(step, CreateSecret | CreateWebhook | CreateTool):
                break  # the platform did not take it: the proof will say so
            done.append(step)
            logger.debug("carrying out %s", type(step).__name__, extra={"action": "connect_step"})
            try:
                current, record = await carrier.carry_out(step, current, plan.record)
            except (Unreachable, Refused) as error:
                if not _may_be_done(step, error) or done.count(step) > _MAX_LOST_ANSWERS:
                    raise
                record = self.record_file.load()
                current = await self._read(record)
            plan = self._plan(current, record, carrier.left)
        return await self._proof(carrier)

    async def _proof(self, carrier: Carrier) -> Outcome:
        record = self.record_file.load()
        rest = self._plan(await self._read(record), record, carrier.left)
        if not rest.steps and not rest.problems:
            left = frozenset(carrier.left)
            if not self.goal.agents:
                drop_secrets(rest.record, self.secrets, left=left)
            tidied = _tidied(rest.record, self.goal, self.secrets.known(), left)
            if tidied is None:
                self.record_file.remove()
            elif tidied != record:
                self.record_file.save(tidied)
        return Outcome(rest=rest, left=tuple(carrier.left.values()))

    async def _read(self, record: Record) -> Current:
        return await self.workspace.read({*record.agents, *record.seen}, asked=self.goal.asked)

    def _plan(self, current: Current, record: Record, left: dict[str, str]) -> Plan:
        known = self.secrets.known()
        return make_plan(current, self.goal, record, known=known, left=frozenset(left))


def _may_be_done(step: Step, error: CloudError) -> bool:
    """Tell whether a thing may have been made although the answer was an error."""
    if not isinstance(step, CreateSecret | CreateWebhook | CreateTool):
        return False
    if isinstance(error, Refused):
        is_there = error.status == _CONFLICT and isinstance(step, CreateSecret)
        return is_there or error.status == _TIMEOUT or error.status >= _SERVER_ERROR
    return isinstance(error, Unreachable)


def _tidied(
    record: Record, goal: Goal, known: frozenset[str], left: frozenset[str]
) -> Record | None:
    """Return the record of what is in place or `left` now, None if nothing needs one."""
    if not goal.agents and not left:
        return None
    retired = tuple(each for each in record.retired if each in known)
    return replace(record, urls=record.urls[:1] if goal.agents else record.urls, retired=retired)
