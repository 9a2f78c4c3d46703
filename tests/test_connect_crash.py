"""A crash anywhere in connect and disconnect: done again, it ends as if nothing had happened."""

import contextlib
import copy
import json
import os
import shutil
from pathlib import Path

import pytest

from cloud.connecting.record import Record, RecordFile
from cloud.errors import CloudError
from tests.connecting import URL, Desk, opened_client, plain, state_of, writes
from tests.platform import platform

NEW_URL = "https://two.callspool.example"
WRITES = "POST|PATCH|DELETE"
HELD = ("settings", "webhooks", "secrets", "tools", "agents", "_counters")


class Crash(BaseException):
    """The process is gone: nothing catches this."""


async def first(desk):
    return await desk.connect()


async def moved(desk):
    return await desk.connect(url=NEW_URL)


async def gone(desk):
    return await desk.disconnect() if desk.record_file.path.exists() else None


# What was done before, and what is interrupted.
ACTIONS = {
    "first connect": (None, first),
    "new address": (first, moved),
    "disconnect": (first, gone),
}
by_action = pytest.mark.parametrize(("prepare", "act"), ACTIONS.values(), ids=ACTIONS)


class Stage:
    """A workspace and a folder, put back to the same beginning again and again."""

    def __init__(self, space, client, folder, act):
        self.space = space
        self.client = client
        self.folder = folder
        self.act = act

    async def prepare(self, prepare, *, taken):
        self.space.add_agent("agent_books")
        if taken:
            self.space.settings["conversation_initiation_client_data_webhook"] = {
                "url": "https://crm.example/init",
                "request_headers": {},
            }
        desk = self.desk(fresh(self.folder / "before"))
        if prepare:
            await prepare(desk)
        self.accepted = desk.accepted()
        self.held = {name: copy.deepcopy(getattr(self.space, name)) for name in HELD}
        desk = self.begin()
        self.disk_writes = crashing(desk, 0)
        await self.act(desk)
        self.requests = len(writes(self.space))
        self.expected = self.summary(desk)
        return self

    def desk(self, folder):
        return Desk(self.space, folder, client=self.client)

    def begin(self):
        """Return a desk at the beginning."""
        for name, value in self.held.items():
            setattr(self.space, name, copy.deepcopy(value))
        self.space.faults.clear()
        self.space.requests.clear()
        folder = self.folder / "now"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "before", folder)
        return self.desk(folder)

    async def end(self, desk, number):
        self.space.faults.clear()
        await self.act(desk)
        assert self.summary(desk) == self.expected, number

    def summary(self, desk):
        """Return what counts, with names for the ids and the secrets of what connect made."""
        space = self.space
        state = plain(state_of(space))
        names = dict.fromkeys(space.webhooks, "webhook")
        names |= {key: secret["name"] for key, secret in space.secrets.items()}
        names |= {key: tool["tool_config"]["name"] for key, tool in space.tools.items()}
        text = json.dumps({key: state.get(key) for key in ("agents", "settings")}, sort_keys=True)
        for identifier, name in names.items():
            text = text.replace(identifier, name)
        webhooks = [(w["webhook_url"], w["retry_enabled"]) for w in space.webhooks.values()]
        secrets = sorted(secret["name"] for secret in space.secrets.values())
        tools = sorted(tool["tool_config"]["name"] for tool in space.tools.values())
        known = {secret: f"number {n} of before" for n, secret in enumerate(self.accepted)}
        known |= {webhook["secret"]: "of the webhook" for webhook in space.webhooks.values()}
        accepted = [known.get(secret, "of no webhook") for secret in desk.accepted()]
        return text, webhooks, secrets, tools, accepted, desk.record_file.path.exists()


def fresh(folder):
    folder.mkdir()
    return folder


@contextlib.asynccontextmanager
async def stage(folder, prepare, act, *, taken=False):
    async with platform() as space, opened_client(space) as client:
        yield await Stage(space, client, folder, act).prepare(prepare, taken=taken)


def crashing(desk, number):
    """Make the desk's folder fail at the n-th write to it; return the count of them, in a list."""
    count = [0]
    save, accept = desk.record_file.save, desk.accept

    def counted(write):
        def writing(value):
            count[0] += 1
            if count[0] == number:
                raise Crash
            write(value)

        return writing

    desk.record_file.save = counted(save)
    desk.secrets = type(desk.secrets)(read=desk.accepted, write=counted(accept))
    return count


@by_action
@pytest.mark.parametrize(
    ("taken", "before"),
    [(False, True), (False, False), (True, False)],
    ids=["not done", "answer lost", "answer lost, workspace taken"],
)
async def test_after_a_crash_at_any_request_it_ends_the_same(tmp_path, prepare, act, taken, before):
    async with stage(tmp_path, prepare, act, taken=taken) as it:
        assert it.requests >= 5
        for number in range(it.requests):
            desk = it.begin()
            it.space.faults.add(
                method=WRITES, path="", status=401, times=None, skip=number, before=before
            )
            with pytest.raises(CloudError):
                await act(desk)
            await it.end(desk, number)


@by_action
async def test_after_a_crash_at_any_write_to_the_disk_it_ends_the_same(tmp_path, prepare, act):
    async with stage(tmp_path, prepare, act) as it:
        assert it.disk_writes[0] >= 5
        for number in range(1, it.disk_writes[0] + 1):
            desk = it.begin()
            crashing(desk, number)
            with pytest.raises(Crash):
                await act(desk)
            await it.end(it.desk(desk.folder), number)


@by_action
@pytest.mark.parametrize("after_work", [False, True], ids=["not done", "answer lost"])
async def test_a_lost_connection_at_any_request_is_survived_at_once(
    tmp_path, prepare, act, after_work
):
    async with stage(tmp_path, prepare, act) as it:
        for number in range(it.requests):
            desk = it.begin()
            it.space.faults.drop(WRITES, "", after_work=after_work, skip=number)
            await act(desk)
            assert it.summary(desk) == it.expected, number


async def test_a_second_crash_while_it_goes_on_changes_nothing_either(tmp_path):
    async with stage(tmp_path, first, moved) as it:
        for number in range(it.requests):
            desk = it.begin()
            for skip in (number, number % 3):
                it.space.faults.add(method=WRITES, path="", status=401, times=None, skip=skip)
                with contextlib.suppress(CloudError):
                    await moved(desk)
                it.space.faults.clear()
            await it.end(desk, number)


async def test_turning_round_in_the_middle_of_connect_undoes_it(tmp_path):
    async with stage(tmp_path, None, first) as it:
        accepted = it.begin().accepted()
        before = plain(state_of(it.space))
        for number in range(it.requests):
            desk = it.begin()
            it.space.faults.add(
                method=WRITES, path="", status=401, times=None, skip=number, before=number % 2 == 0
            )
            with pytest.raises(CloudError):
                await desk.connect()
            it.space.faults.clear()
            await gone(desk)
            assert plain(state_of(it.space)) == before, number
            assert desk.accepted() == accepted, number


async def test_the_record_is_durable_before_anything_goes_on(tmp_path, monkeypatch):
    file = RecordFile(tmp_path)
    file.save(Record(urls=("https://old.example",)))
    synced, sync = [], os.fsync

    def noting(fd):
        sync(fd)
        # What a crash at this moment would leave: the new content has its name only after this.
        urls = file.load().urls if file.path.exists() else None
        synced.append((Path(f"/proc/self/fd/{fd}").readlink(), urls))

    monkeypatch.setattr(os, "fsync", noting)
    file.save(Record(urls=("https://new.example",)))
    folder = file.path.parent
    assert synced[-2:] == [
        (folder / "connection.json.part", ("https://old.example",)),
        (folder, ("https://new.example",)),
    ]
    synced.clear()
    file.remove()
    assert synced == [(folder, None)]


async def test_a_webhook_whose_making_never_ends_leaves_no_second_one(tmp_path):
    async with platform() as space:
        space.add_agent("agent_books")
        desk = Desk(space, tmp_path)
        space.faults.add(method="POST", path="/webhooks$", status=500, times=None, before=False)
        with pytest.raises(CloudError):
            await desk.connect()
        assert len(space.webhooks) == 1
        space.faults.clear()
        _, outcome = await desk.connect()
        assert outcome.is_verified
        (webhook,) = space.webhooks.values()
        assert desk.accepted()[0] == webhook["secret"]
        assert webhook["webhook_url"] == f"{URL}/webhook/post-call"
