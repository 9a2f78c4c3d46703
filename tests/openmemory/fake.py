"""A backend in this process that can fail at every step, for the tests of the mirror."""

from collections import Counter
from itertools import count

from memory.openmemory.backend import (
    BackendUnreachable,
    Examined,
    Match,
    Row,
    RowRefused,
)


def without_source(content):
    """What a weak hash makes of a text: it sees nothing of what it is of."""
    return content.partition(" [")[0]


class Killed(BaseException):
    """This process died here: nothing that follows is done."""


class FakeBackend:
    """
    Holds rows as OpenMemory does: a text that is there already, anybody's, is not stored again.

    `fails` maps a method to exceptions that its next calls raise; `loses` to those that are
    raised after the change was made (the answer got lost). `duplicate_of` decides what is taken
    for the same; None: nothing is.
    """

    name = "the fake OpenMemory"
    query_cache_seconds = 0.0

    def __init__(self, identity="fake", *, duplicate_of=lambda content: content):
        self.identity = identity
        self.kept = {}
        self.calls = Counter()
        self.fails = {}
        self.loses = {}
        self.duplicate_of = duplicate_of
        self.refuses = lambda content: False
        self.cuts_at = None
        self.examined = Examined(product="a fake", keeps_users_apart=True, shortens=False)
        self._numbers = count(1)

    def of(self, user):
        return {row.metadata.get("callspool_key", ""): row for row in self.listed(user)}

    def listed(self, user):
        return [row for row in self.kept.values() if row.user == user]

    async def examine(self, *, mark=""):
        self._step("examine")
        return self.examined

    async def add(self, user, content, *, tags, metadata):
        assert user.strip()
        self._step("add")
        if self.refuses(content):
            raise RowRefused("the fake does not take this row")
        for row in self.kept.values():
            if self.duplicate_of and self.duplicate_of(row.content) == self.duplicate_of(content):
                return row.id
        row_id = f"id-{next(self._numbers)}"
        self.kept[row_id] = Row(
            id=row_id,
            user=user,
            content=content[: self.cuts_at],
            tags=tuple(tags),
            metadata=dict(metadata),
        )
        self._after("add")
        return row_id

    async def get(self, user, row_id):
        assert user.strip()
        self._step("get")
        row = self.kept.get(row_id)
        return row if row is not None and row.user == user else None

    async def rows(self, user):
        assert user.strip()
        self._step("rows")
        return self.listed(user)

    async def users(self):
        self._step("users")
        return {row.user for row in self.kept.values()}

    async def delete(self, user, row_id):
        assert user.strip()
        self._step("delete")
        if row_id in self.kept and self.kept[row_id].user == user:
            del self.kept[row_id]
        self._after("delete")

    async def delete_user(self, user):
        assert user.strip()
        self._step("delete_user")
        for row in self.listed(user):
            del self.kept[row.id]
        self._after("delete_user")

    async def scrub(self):
        self._step("scrub")

    async def query(self, user, text, *, limit):
        assert user.strip()
        self._step("query")
        return [Match(id=row.id, score=0.0) for row in self.listed(user)][:limit]

    async def close(self):
        self.calls["close"] += 1

    def _step(self, method):
        self.calls[method] += 1
        if errors := self.fails.get(method):
            raise errors.pop(0)

    def _after(self, method):
        if errors := self.loses.get(method):
            raise errors.pop(0)


class DyingBackend(FakeBackend):
    """Dies before or after the change of its n-th step, counted over all methods."""

    def __init__(self, *, dies_at=None, **given):
        super().__init__(**given)
        self.dies_at = dies_at
        self.steps = 0

    def _step(self, method):
        super()._step(method)
        self._count()

    def _after(self, method):
        super()._after(method)
        self._count()

    def _count(self):
        self.steps += 1
        if self.steps == self.dies_at:
            raise Killed


def unreachable(times=1):
    return [BackendUnreachable("the fake cannot be reached") for _ in range(times)]
