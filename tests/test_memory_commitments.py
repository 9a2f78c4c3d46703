"""Which promises are still open."""

from datetime import UTC, datetime, timedelta

import pytest

from memory.commitments import MAX_OPEN, OPEN_FOR, TASK_NOTES
from memory.port import Note
from memory.profile import profile_of
from tests.memories import ANA, MONDAY, a_call

DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def promise(text="The agent promised to send the invoice.", *, by="agent", source="summary"):
    return Note(kind="commitment", text=text, by=by, source=source)


def done(text="The invoice was sent.", *, by=""):
    return Note(kind="done", text=text, by=by, source="summary")


def fact(value, *, kind="commitment", key="callback"):
    return Note(kind=kind, text=f"{key}: {value}", source="fact", key=key)


def a_call_with(*notes, day=0, at=None, number=0, **given):
    at = at or MONDAY + day * DAY
    return a_call(f"conv_{day:03}_{number}", at=at, notes=notes, **given)


def still_open(*calls):
    return [each.note.text for each in profile_of(ANA, calls).commitments]


def test_a_promise_is_open_with_the_call_that_it_comes_from():
    [noted] = profile_of(ANA, [a_call_with(promise())]).commitments
    assert noted.note == promise()
    assert (noted.conversation_id, noted.occurred_at) == ("conv_000_0", MONDAY)


@pytest.mark.parametrize(
    ("promised", "told"),
    [
        ("The agent promised to send the invoice.", "The invoice was sent."),
        ("The agent promised to call back on Friday.", "The agent called Ana back on Monday."),
        ("We will call you back.", "The agent returned the call."),
        ("callback: Friday at nine", "The callback was completed."),
        ("The agent will follow up with a quote.", "The agent followed up with the quote."),
        ("The agent will refund the delivery fee.", "The refund of the fee has been issued."),
        ("The bike will be delivered on Tuesday.", "Ana confirmed that her bike was delivered."),
        ("Ana will pay on Monday.", "She has paid."),
        ("A technician will repair the boiler.", "The boiler was repaired last week."),
        ("The agent will send the papers by e-mail.", "The papers were emailed."),
        ("Der Agent wird die Rechnung schicken.", "Die Rechnung wurde verschickt."),
        ("Der Agent versprach zurückzurufen.", "Der Agent hat zurückgerufen."),
        ("El agente enviará la factura.", "La factura fue enviada."),
        ("L'agent a promis de rappeler.", "L'agent a rappelé."),
    ],
)
def test_what_a_later_call_says_is_done_is_no_longer_open(promised, told):
    call = a_call_with(promise(promised), facts={"first_name": "Ana"})
    assert still_open(call, a_call_with(done(told), day=1)) == []


@pytest.mark.parametrize(
    ("promised", "told"),
    [
        ("The agent promised to send the invoice.", "The parcel was sent."),
        (
            "The agent will replace the pump, the valve and the hose.",
            "The pump was ordered and paid.",
        ),
        ("The agent promised to do it.", "It was done."),
        ("Ana will pay the bill.", "The parcel was paid and sent."),
        ("The agent promised Ana to call back.", "Ana received the parcel."),
    ],
)
def test_what_is_done_settles_only_what_it_is_about(promised, told):
    calls = (a_call_with(promise(promised), facts={"first_name": "Ana"}),)
    assert still_open(*calls, a_call_with(done(told), day=1)) == [promised]


def test_what_one_side_did_does_not_settle_what_the_other_promised():
    calls = [a_call_with(promise("The agent promised to call back."))]
    by_caller = a_call_with(done("The caller called back.", by="caller"), day=1)
    assert still_open(*calls, by_caller) == ["The agent promised to call back."]
    by_agent = a_call_with(done("The agent called back.", by="agent"), day=2)
    assert still_open(*calls, by_caller, by_agent) == []


@pytest.mark.parametrize(
    ("promised", "told"),
    [
        ("The agent promised to send a technician.", "The caller cancelled the technician visit."),
        ("The agent promised to send a technician.", "Ana called off the technician's visit."),
        ("Der Agent wird den Techniker schicken.", "Die Kundin hat den Techniker abbestellt."),
        ("Der Agent wird den Techniker schicken.", "Sie sagte den Techniker ab."),
        ("El agente enviará al técnico.", "La clienta canceló la visita del técnico."),
        ("La conseillère enverra le technicien.", "Le client a annulé le technicien."),
        ("A atendente vai enviar o técnico.", "A cliente cancelou a visita do técnico."),
        ("L'operatrice invierà il tecnico.", "Il cliente ha disdetto il tecnico."),
    ],
)
def test_who_cancels_settles_what_the_other_side_promised(promised, told):
    call = a_call_with(promise(promised))
    assert still_open(call, a_call_with(done(told, by="caller"), day=1)) == []
    assert still_open(call, a_call_with(done("The caller paid.", by="caller"), day=1)) == [promised]


QUOTE = "The agent promised to call back on Friday with a quote."


@pytest.mark.parametrize(
    ("summary", "evaluation", "kept"),
    [
        (QUOTE, "The agent committed to a callback.", [QUOTE]),
        ("The agent will call back.", QUOTE, [QUOTE]),
        (
            "The agent will mail the invoice.",
            "The agent will send the invoice.",
            ["The agent will send the invoice."],
        ),
        (
            "The agent promised to send the corrected invoice to her office.",
            "The agent agreed to email the corrected invoice by Monday.",
            ["The agent promised to send the corrected invoice to her office."],
        ),
        (
            "The agent will send the bill for the boiler.",
            "The agent will repair the boiler.",
            [
                "The agent will repair the boiler.",
                "The agent will send the bill for the boiler.",
            ],
        ),
        ("The agent will call back.", "The agent sends a pump.", None),
    ],
)
def test_a_promise_that_one_call_tells_twice_is_told_once_the_fuller_one(summary, evaluation, kept):
    call = a_call_with(promise(summary), promise(evaluation, source="evaluation"))
    assert still_open(call) == (kept or [evaluation, summary])


def test_a_promise_of_the_other_side_or_of_another_sentence_is_not_the_same():
    by_caller = promise("The caller will call back.", by="caller", source="evaluation")
    assert len(still_open(a_call_with(promise(QUOTE), by_caller))) == 2
    unsaid = promise("A callback was agreed.", by="", source="evaluation")
    assert still_open(a_call_with(promise(QUOTE), unsaid)) == [QUOTE]
    same_source = promise("The agent will also call back.")
    assert len(still_open(a_call_with(promise(QUOTE), same_source))) == 2
    elsewhere = a_call_with(promise("The agent will call back.", source="evaluation"), day=1)
    assert len(still_open(a_call_with(promise(QUOTE)), elsewhere)) == 2


def test_a_fact_and_a_sentence_of_one_call_are_one_promise_with_both_ways_to_settle_it():
    call = a_call_with(fact("Friday"), promise(QUOTE))
    assert still_open(call) == [QUOTE]
    assert still_open(call, a_call_with(fact("no", kind="done"), day=1)) == []
    assert still_open(call, a_call_with(fact("Monday"), day=1)) == ["callback: Monday"]


def test_only_a_later_call_settles():
    assert still_open(a_call_with(promise(), done())) == [promise().text]
    assert still_open(a_call_with(done()), a_call_with(promise(), day=1)) == [promise().text]
    same_moment = a_call_with(done(), number=1)
    assert still_open(a_call_with(promise()), same_moment) == [promise().text]


def test_calls_without_a_date_have_no_order():
    promised, told = a_call_with(promise(), at=EPOCH), a_call_with(done(), at=EPOCH, number=1)
    assert still_open(promised, told) == []
    assert still_open(a_call_with(promise(), done(), at=EPOCH)) == [promise().text]


def test_a_promise_is_open_for_ninety_days_before_the_newest_call():
    assert OPEN_FOR == 90 * DAY
    assert still_open(a_call_with(promise()), a_call_with(day=90)) == [promise().text]
    assert still_open(a_call_with(promise()), a_call_with(day=91)) == []
    assert still_open(a_call_with(promise(), at=EPOCH), a_call_with()) == []


def test_a_promise_that_is_repeated_is_told_once():
    again = promise("The agent promised again to send the corrected invoice.")
    assert still_open(a_call_with(promise()), a_call_with(again, day=1)) == [again.text]
    other = promise("Ana will send the invoice.", by="caller")
    assert len(still_open(a_call_with(promise()), a_call_with(other, day=1))) == 2


def test_a_newer_value_of_a_fact_replaces_or_settles_its_promise():
    friday, monday = a_call_with(fact("Friday")), a_call_with(fact("Monday"), day=1)
    assert still_open(friday, monday) == ["callback: Monday"]
    settled = a_call_with(fact("no", kind="done", key="Call-Back"), day=2)
    assert still_open(friday, monday, settled) == []
    elsewhere = a_call_with(fact("no", kind="done", key="next_step"), day=2)
    assert still_open(friday, elsewhere) == ["callback: Friday"]


def test_the_newest_promises_come_first_and_only_so_many():
    calls = [a_call_with(promise(f"The agent will fetch box {n}000."), day=n) for n in range(30)]
    assert still_open(*calls) == [f"The agent will fetch box {n}000." for n in range(29, 19, -1)]
    assert len(still_open(*calls)) == MAX_OPEN


def test_a_promise_out_of_sight_takes_its_settlement_with_it():
    old, newer = a_call_with(promise()), a_call_with(done(), day=1)
    crowd = a_call_with(*(done(f"Box {n}000 was sent.") for n in range(TASK_NOTES - 1)), day=2)
    assert still_open(old, newer, crowd) == []
    assert still_open(old, crowd) == [promise().text]
    assert still_open(old, crowd, a_call_with(done("Box 1 was sent."), day=3)) == []
