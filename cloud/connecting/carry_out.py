"""
Carrying out one step of a plan: what is about to be done is recorded before, its result after.

A crash at any moment leaves a record from which the rest of the plan is made again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import assert_never

from cloud.connecting.current import Current, our_webhooks, promoted, without_webhook
from cloud.connecting.edits import Json, Path, body_of, body_with_nulls
from cloud.connecting.record import Record, RecordFile, Tool, Webhook, fingerprint
from cloud.connecting.secret_file import SecretFile
from cloud.connecting.steps import (
    CreateSecret,
    CreateTool,
    CreateWebhook,
    DeleteSecret,
    DeleteTool,
    DeleteWebhook,
    EnableWebhook,
    PatchAgent,
    PatchSettings,
    Step,
    UpdateTool,
)
from cloud.connecting.wanted import AGENT_UNITS, SETTINGS_UNITS, TOOL_NAME, WEBHOOK_NAME, Goal
from cloud.connecting.workspace import Workspace
from cloud.errors import CloudError, Refused

_CONFLICT = 409
_TOO_MANY = 429
_IN_USE = (400, 409)
_NOT_TAKEN = (400, 422)

State = tuple[Current, Record]


class Carrier:
    """
    Carries out steps. `left` has the ids of what somebody else uses, each with a line about it.

    Every method raises CloudError, and OSError or SpoolError where the disk fails.
    """

    def __init__(
        self, workspace: Workspace, goal: Goal, *, record_file: RecordFile, secrets: SecretFile
    ) -> None:
        self._workspace = workspace
        self._goal = goal
        self._record_file = record_file
        self._secrets = secrets
        self.left: dict[str, str] = {}

    async def carry_out(self, step: Step, current: Current, record: Record) -> State:
        """Carry out a step; return what the workspace holds then, and the saved record."""
        match step:
            case CreateSecret():
                current, record = await self._create_secret(step, current, record)
            case CreateWebhook():
                current, record = await self._create_webhook(step, current, record)
            case EnableWebhook():
                current, record = await self._enable_webhook(step, current, record)
            case CreateTool():
                current, record = await self._create_tool(step, current, record)
            case UpdateTool():
                current, record = await self._update_tool(step, current, record)
            case PatchSettings():
                current, record = await self._patch_settings(step, current, record)
            case PatchAgent():
                current, record = await self._patch_agent(step, current, record)
            case DeleteTool() | DeleteWebhook() | DeleteSecret():
                current, record = await self._delete(step, current, record)
            case _:
                assert_never(step)
        self._record_file.save(record)
        return current, record

    async def _create_secret(self, step: CreateSecret, current: Current, record: Record) -> State:
        value = self._goal.keys[step.key]
        secret_id = await self._workspace.create_secret(step.name, value)
        added = {"secret_id": secret_id, "name": step.name}
        return (
            replace(current, secrets=(*current.secrets, added)),
            replace(record, secrets={**record.secrets, step.name: secret_id}),
        )

    async def _create_webhook(self, step: CreateWebhook, current: Current, record: Record) -> State:
        """
        Create the webhook and keep its secret, which is told only now.

        The record knows of the webhook before `.env` has its secret. After a crash between the
        two the secret is lost, and the webhook is deleted and made anew.
        """
        try:
            webhook_id, secret = await self._workspace.create_webhook(WEBHOOK_NAME, step.url)
        except Refused as error:
            ours = our_webhooks(record, current)
            if not ours or not _is_for_want_of_room(error):
                raise
            for each in ours:
                await self._workspace.delete_webhook(each["webhook_id"])
            current = replace(
                current, webhooks=tuple(each for each in current.webhooks if each not in ours)
            )
            webhook_id, secret = await self._workspace.create_webhook(WEBHOOK_NAME, step.url)
        if not secret:
            message = "ElevenLabs told no secret for the new webhook: run connect again"
            raise CloudError(message)
        pending = Webhook(id=webhook_id, url=step.url, sha256=fingerprint(secret))
        record = replace(record, pending=pending)
        self._record_file.save(record)
        # Which of the retired secrets a webhook signs with that is still there, is not known.
        self._secrets.add(secret, retired=() if record.stale else record.retired)
        added = {"webhook_id": webhook_id, "name": WEBHOOK_NAME, "webhook_url": step.url}
        return replace(current, webhooks=(*current.webhooks, added)), promoted(record)

    async def _enable_webhook(self, step: EnableWebhook, current: Current, record: Record) -> State:
        await self._workspace.enable_webhook(step.webhook_id, step.name)
        webhooks = tuple(
            {
                **each,
                "is_disabled": False,
                "is_auto_disabled": False,
                **({"retry_enabled": True} if "retry_enabled" in each else {}),
            }
            if each["webhook_id"] == step.webhook_id
            else each
            for each in current.webhooks
        )
        ours = record.webhook and replace(record.webhook, has_retries=True)
        return replace(current, webhooks=webhooks), replace(record, webhook=ours)

    async def _create_tool(self, step: CreateTool, current: Current, record: Record) -> State:
        self._record_file.save(replace(record, tool=Tool(id="", is_made=True)))
        tool = await self._workspace.create_tool(step.config)
        return (
            replace(current, tools=(*current.tools, tool)),
            replace(record, tool=Tool(id=tool["id"], is_made=True)),
        )

    async def _update_tool(self, step: UpdateTool, current: Current, record: Record) -> State:
        ours = record.tool
        if step.is_withdrawn:
            ours = None
        elif ours is not None and not ours.is_made and ours.was is None:
            ours = replace(ours, was=step.tool["tool_config"])
            self._record_file.save(replace(record, tool=ours))
        tool = await self._workspace.update_tool(step.tool, step.config)
        tools = tuple(tool if each["id"] == tool["id"] else each for each in current.tools)
        return replace(current, tools=tools), replace(record, tool=ours)

    async def _patch_settings(self, step: PatchSettings, current: Current, record: Record) -> State:
        record = replace(record, settings=step.edits)
        self._record_file.save(record)
        workspace = self._workspace
        actual, is_done = await _patched(
            step, SETTINGS_UNITS, send=workspace.patch_settings, look=workspace.settings
        )
        edits = step.edits_after if is_done else step.edits
        return replace(current, settings=actual), replace(record, settings=edits)

    async def _patch_agent(self, step: PatchAgent, current: Current, record: Record) -> State:
        async def send(body: Json) -> Json:
            return await self._workspace.patch_agent(step.agent_id, body)

        async def look() -> Json:
            return await self._workspace.agent(step.agent_id)

        agent = replace(record.agents[step.agent_id], edits=step.edits)
        record = record.with_agent(step.agent_id, agent)
        self._record_file.save(record)
        actual, is_done = await _patched(step, AGENT_UNITS, send=send, look=look)
        after = replace(agent, edits=step.edits_after if is_done else step.edits)
        agents = {**current.agents, step.agent_id: actual}
        return replace(current, agents=agents), record.with_agent(step.agent_id, after)

    async def _delete(
        self, step: DeleteTool | DeleteWebhook | DeleteSecret, current: Current, record: Record
    ) -> State:
        match step:
            case DeleteTool():
                return await self._delete_tool(step, current, record)
            case DeleteWebhook():
                return await self._delete_webhook(step, current, record)
        return await self._delete_secret(step, current, record)

    async def _delete_tool(self, step: DeleteTool, current: Current, record: Record) -> State:
        users = await self._workspace.tool_users(step.tool_id)
        delete = self._workspace.delete_tool
        if await self._deleted(f"tool {TOOL_NAME}", step.tool_id, users, delete):
            tools = tuple(each for each in current.tools if each["id"] != step.tool_id)
            return replace(current, tools=tools), replace(record, tool=None)
        return current, record

    async def _delete_webhook(self, step: DeleteWebhook, current: Current, record: Record) -> State:
        # One that is replaced delivers to nobody, whoever names it.
        is_replaced = bool(self._goal.agents)
        users = [] if is_replaced else await self._workspace.webhook_users(step.webhook_id)
        what, delete = f"webhook to {step.url}", self._workspace.delete_webhook
        if not await self._deleted(what, step.webhook_id, users, delete):
            return current, record
        left = [each for each in current.webhooks if each["webhook_id"] != step.webhook_id]
        record = without_webhook(record, step.webhook_id)
        return replace(current, webhooks=tuple(left)), record

    async def _delete_secret(self, step: DeleteSecret, current: Current, record: Record) -> State:
        users = await self._workspace.secret_users(step.secret_id)
        what, delete = f"workspace secret {step.name}", self._workspace.delete_secret
        if not await self._deleted(what, step.secret_id, users, delete):
            return current, record
        left = [each for each in current.secrets if each["secret_id"] != step.secret_id]
        kept = {name: each for name, each in record.secrets.items() if name != step.name}
        return replace(current, secrets=tuple(left)), replace(record, secrets=kept)

    async def _deleted(
        self,
        what: str,
        identifier: str,
        users: list[str],
        delete: Callable[[str], Awaitable[None]],
    ) -> bool:
        """Delete what nobody uses; else note who does and return False."""
        told = f"used by {', '.join(users)}"
        if not users:
            try:
                await delete(identifier)
            except Refused as error:
                if error.status not in _IN_USE:
                    raise
                told = str(error)
            else:
                return True
        self.left[identifier] = f"{what} stays: {told}"
        return False


async def _patched(
    step: PatchSettings | PatchAgent,
    units: tuple[Path, ...],
    *,
    send: Callable[[Json], Awaitable[Json]],
    look: Callable[[], Awaitable[Json]],
) -> tuple[Json, bool]:
    """
    Return what the document is now, and whether all that was to go from it is gone.

    What is taken out of an object that is sent whole stays there where the platform merges: then
    it is sent once more as null.
    """
    actual = await send(body_of(step.before, step.desired, units))
    nulls = body_with_nulls(step.before, step.desired, actual, units)
    if not nulls:
        return actual, True
    try:
        actual = await send(nulls)
    except Refused as error:
        if error.status not in _NOT_TAKEN:
            raise
        # Taken already, if the first answer was lost; or a switch that knows no null.
        actual = await look()
        nulls = body_with_nulls(step.before, step.desired, actual, units)
        switched_off = _without_null_switches(nulls, actual)
        if nulls == switched_off != {}:
            raise
        return (await send(switched_off) if nulls else actual), True
    return actual, not body_with_nulls(step.before, step.desired, actual, units)


def _is_for_want_of_room(error: Refused) -> bool:
    """Tell whether there may be no further webhook; never for too many requests."""
    return error.status == _CONFLICT or (
        error.status != _TOO_MANY and "limit" in error.code.lower()
    )


def _without_null_switches(body: Json, actual: Json) -> Json:
    """Return the body with false for each null that would switch something off."""
    changed = dict(body)
    for key, value in body.items():
        there = actual.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            changed[key] = _without_null_switches(value, there)
        elif value is None and there is True:
            changed[key] = False
    return changed
