"""What can be done in the workspace, one request or a few each; and what a plan is made of."""

from dataclasses import dataclass, field
from typing import Literal

from cloud.connecting.edits import Change, Edit, Json
from cloud.connecting.record import Record
from cloud.connecting.wanted import Key

State = Literal["in place", "create", "change", "remove", "left alone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a plan, for people: what stands there, what is done, what is not touched."""

    state: State
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSecret:
    """Store one of our keys as a workspace secret."""

    name: str
    key: Key


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWebhook:
    """Create the post-call webhook and keep its secret."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableWebhook:
    """Switch the webhook's retries on, and the webhook itself if it is off."""

    webhook_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTool:
    """Create our tool."""

    config: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTool:
    """Put the tool's configuration right, or back (`is_withdrawn`)."""

    tool: Json
    config: Json
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchSettings:
    """Change the workspace's settings; the edits as in `cloud.connecting.edits.Decision`."""

    before: Json
    desired: Json
    changes: tuple[Change, ...]
    edits: tuple[Edit, ...]
    edits_after: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchAgent:
    """Change an agent; the edits as in `cloud.connecting.edits.Decision`."""

    agent_id: str
    before: Json
    desired: Json
    changes: tuple[Change, ...]
    edits: tuple[Edit, ...]
    edits_after: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTool:
    """Delete our tool, unless other agents use it."""

    tool_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteWebhook:
    """Delete a post-call webhook of ours, unless something else uses it."""

    webhook_id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSecret:
    """Delete a workspace secret of ours, unless something else uses it."""

    secret_id: str
    name: str


Step = (
    CreateSecret
    | CreateWebhook
    | EnableWebhook
    | CreateTool
    | UpdateTool
    | PatchSettings
    | PatchAgent
    | DeleteTool
    | DeleteWebhook
    | DeleteSecret
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    What is to be done, in order, and how a person is told.

    Nothing may be done while there are `problems`. `record` is what is known of what we made,
    brought up to date with what the workspace holds. Ids that are not known before a thing is
    made are `wanted.NEW`: a plan is made again after each step.
    """

    steps: tuple[Step, ...]
    record: Record
    lines: tuple[Line, ...] = ()
    problems: tuple[str, ...] = ()
    hints: tuple[str, ...] = field(default=())
