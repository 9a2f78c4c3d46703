"""Values made quickly are like those made slowly."""

from dataclasses import FrozenInstanceError, dataclass, field, fields
from datetime import UTC, datetime

import pytest

from memory.making import quickly
from memory.port import Conversation, Memory
from voice.events import Turn

AT = datetime(2026, 9, 21, 14, 30, tzinfo=UTC)
MEMORY = {
    "id": "conv_1/utterance/1",
    "caller": "+15550100142",
    "conversation_id": "conv_1",
    "agent_id": "agent_1",
    "kind": "utterance",
    "content": 'Caller: "My bike squeaks."',
    "sector": "episodic",
    "salience": 0.8,
    "occurred_at": AT,
}
TURN = {"index": 1, "role": "user", "message": "My bike squeaks.", "seconds": 5.0}
CONVERSATION = {each.name: each.name for each in fields(Conversation) if each.name != "memories"}


@pytest.mark.parametrize(
    ("kind", "values"), [(Memory, MEMORY), (Turn, TURN), (Conversation, CONVERSATION)]
)
def test_a_value_made_quickly_is_the_same_in_every_way(kind, values):
    quick, slow = quickly(kind)(**values), kind(**values)
    assert type(quick) is kind
    assert quick == slow
    assert (hash(quick), repr(quick)) == (hash(slow), repr(slow))
    with pytest.raises(FrozenInstanceError):
        setattr(quick, next(iter(values)), "x")


def test_what_is_missing_or_unknown_is_an_error_as_ever():
    make = quickly(Turn)
    with pytest.raises(TypeError, match="message"):
        make(index=1, role="user", seconds=5.0)
    with pytest.raises(TypeError, match="colour"):
        make(**TURN, colour="red")


def test_a_default_is_made_anew_for_each_value():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Basket:
        things: list[str] = field(default_factory=list)

    make = quickly(Basket)
    make().things.append("a pump")
    assert make() == Basket()
