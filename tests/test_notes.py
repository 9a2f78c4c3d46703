"""What is noted of a call: preferences, promises and what is done, by the words that say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.profile import profile_of
from processor.derive import derive
from processor.notes import MAX_NOTE_CHARS, _kind_of_fact, notes_of
from processor.phrases import patterns_for
from processor.promises import told_in
from tests.factories import CALLER, STARTED_AT, encoded, transcription_payload
from voice.payload import parse_event

ENGLISH = """
    agent     The agent promised to call back on Friday.
    agent     We promised to call back on Friday.
    agent     The agent will send the invoice by email.
    agent     The agent will have the plumber call the customer before noon.
    agent     A technician will visit on Monday.
    agent     The caller was told that the refund would be processed within five days.
    agent     The caller will receive a confirmation email.
    agent     The agent apologised to the caller and promised to call back.
    agent     The caller asked about the refund and the agent promised to call back.
    agent     The agent told the caller the parcel will arrive on Monday.
    agent     The agent said they would look into it.
    agent     A callback was scheduled for Friday at ten.
    agent     The agent scheduled a technician visit for Tuesday.
    agent     The agent agreed to waive the fee.
    agent     The caller asked to be called on Friday, and the agent agreed.
    agent     The caller was promised a refund.
    agent     The agent assured Ana that the driver would ring at the side gate.
    agent     The agent is going to check with the workshop.
    agent     The agent was unable to find the order and promised to ask the warehouse.
    agent     I'll ring you back tomorrow, the agent said.
    agent     When the caller asked about the refund, the agent promised to send it.
    agent     When asked about the refund, the agent said it would be issued.
    caller    The caller promised to pay by Monday.
    caller    The customer will send the documents tomorrow.
    caller    Ana will fetch the bike at five.
    caller    The caller said she would pay on Monday.
    caller    Ana said she'll bring the receipt next time.
    -         Ben will bring the keys.
    -         He promised to bring the keys.
"""
OTHERS = """
    de agent  Der Agent versprach, am Freitag zurückzurufen.
    de agent  Der Mitarbeiter wird die Rechnung schicken.
    de agent  Am Freitag wird der Techniker kommen.
    de agent  Wir melden uns am Montag.
    de caller Die Kundin wird den Betrag bis Montag überweisen.
    es agent  El agente prometió llamar el viernes.
    es agent  El agente enviará la factura mañana.
    es caller La clienta va a pagar el lunes.
    fr agent  L'agent a promis de rappeler vendredi.
    fr agent  La conseillère enverra la facture.
    fr caller Le client va payer lundi.
    pt agent  O agente prometeu ligar na sexta.
    pt agent  A atendente vai enviar a fatura.
    it agent  L'agente ha promesso di richiamare venerdì.
    it agent  L'operatrice invierà la fattura.
    it agent  L'agente si è impegnato a richiamare.
    es agent  Se le enviará la factura.
    fr agent  Quand le client a rappelé, l'agent a promis de livrer.
"""
DONE = """
    en -      The refund was issued.
    en -      The caller confirmed that the parcel arrived.
    en -      The order was cancelled.
    en -      The caller no longer needs the callback.
    en agent  The agent called the caller back on Monday.
    en agent  The agent sent the invoice.
    en caller Ana paid the bill.
    en caller The caller cancelled the technician visit.
    en caller The caller called off the visit.
    de -      Die Rechnung wurde verschickt.
    de caller Die Kundin hat den Techniker abbestellt.
    de caller Die Kundin sagte den Besuch ab.
    es -      La factura fue enviada.
    es caller La clienta canceló la visita.
    fr -      La facture a été envoyée.
    fr caller Le client a annulé la visite.
    pt -      A fatura foi enviada.
    pt caller A cliente cancelou a visita.
    it -      La fattura è stata inviata.
    it caller Il cliente ha disdetto la visita.
"""
PREFERENCES = """
    en She prefers to be called in the morning.
    en Ana is allergic to nuts.
    en The customer has a peanut allergy.
    en The caller does not like being emailed.
    en The caller asked not to be called before nine.
    en The caller asked to be contacted by text message.
    en The best time to reach her is after six.
    en The user mentioned that they are vegetarian.
    en Her preferred day is Tuesday.
    en Biscuit is no longer allergic to chicken.
    en Ana stopped eating meat.
    en Ana no longer likes tea.
    de Sie bevorzugt Anrufe am Vormittag.
    de Jonas ist allergisch gegen Nüsse.
    es Prefiere que la llamen por la mañana.
    es Es alérgica a los frutos secos.
    fr Elle préfère être appelée le matin.
    fr Il est allergique aux noix.
    pt Ela prefere ser contactada de manhã.
    it Preferisce essere chiamata di mattina.
"""
NOTHING = """
    en The caller asked when the trees will be delivered.
    en The caller asked whether the agent will call back.
    en If the part arrives, the agent will send it.
    en When the part arrives, the agent will send it.
    en Should the part arrive, we will call back.
    en If the part is late, the agent promised to refund it.
    en The agent said that if the part arrives, they will send it.
    en The caller will call back if the problem persists.
    en The agent did not promise anything.
    en The agent could not promise a refund.
    en The caller refused to pay and will not call back.
    en The caller would like to have it delivered.
    en The caller said she would like a refund.
    en The caller agreed to the new price.
    en The caller hopes the part will arrive soon.
    en The caller said that the promised call never came.
    en She was upset because the promised refund had not arrived.
    en The caller is still waiting for the refund to be paid.
    en The caller asked whether the invoice was sent.
    en The caller complained that the invoice was never sent.
    en The agent asked whether the caller prefers mornings.
    en The agent prefers to speak slowly.
    en The payment will be due in March.
    en The user said they will think about it.
    en The agent explained how the refund will be processed.
    en The caller wants to know if the store will open on Sunday.
    en No follow-up is needed.
    en Ana ordered two olive trees and wants them delivered on Tuesday before ten.
    en The caller booked a service for a green touring bike on Tuesday.
    en The agent confirmed the caller's preferred appointment time.
    de Der Agent wird die Rechnung nicht senden.
    de Der Anrufer fragte, ob die Ware geliefert wird.
    de Falls das Teil kommt, wird der Agent es schicken.
    de Wenn das Teil kommt, wird der Agent es schicken.
    de Die Kundin sagte, dass sie ab Montag arbeitet.
    es Si llega la pieza, el agente la enviará.
    es Cuando llegue la pieza, el agente la enviará.
    fr Si la pièce arrive, la conseillère enverra la facture.
    fr S'il reçoit la pièce, l'agent enverra la facture.
    pt Se a peça vier, a atendente vai enviar a fatura.
    it Se arriva il pezzo, l'operatrice invierà la fattura.
    de Das Problem ist noch nicht behoben.
    de Jonas Weber ist nach Bremen gezogen.
    es El cliente preguntó si le enviarán la factura.
    es El agente no enviará la factura.
    es El problema no está resuelto.
    fr Le problème n'est pas résolu.
    pt O problema não foi resolvido.
    it Il problema non è stato risolto.
"""


def lines(table, columns):
    return [line.split(maxsplit=columns) for line in table.strip().splitlines()]


def told(sentence, language="en"):
    found = told_in(sentence, patterns_for(language), names=frozenset({"ana"}))
    return [f"{kind} {by}".strip() for kind, by in found]


def noted(**fields):
    evaluations = fields.pop("evaluations", {})
    payload = transcription_payload(**{"summary": "", **fields})
    payload["data"]["analysis"]["evaluation_criteria_results"] = evaluations
    return notes_of(parse_event("transcription", encoded(payload)))


@pytest.mark.parametrize(("by", "sentence"), lines(ENGLISH, 1))
def test_a_promise_is_told_with_whose_it_is(by, sentence):
    assert told(sentence) == [f"commitment {by}".removesuffix(" -")]


@pytest.mark.parametrize(("language", "by", "sentence"), lines(OTHERS, 2))
def test_promises_are_told_in_other_languages(language, by, sentence):
    assert told(sentence, language) == [f"commitment {by}"]
    assert told(sentence, "") == [f"commitment {by}"]


@pytest.mark.parametrize(("language", "by", "sentence"), lines(DONE, 2))
def test_what_is_done_is_told(language, by, sentence):
    assert told(sentence, language) == [f"done {by}".removesuffix(" -")]


@pytest.mark.parametrize(("language", "sentence"), lines(PREFERENCES, 1))
def test_a_preference_is_told(language, sentence):
    assert told(sentence, language) == ["preference caller"]


@pytest.mark.parametrize(("language", "sentence"), lines(NOTHING, 1))
def test_what_is_asked_hoped_or_denied_is_not_told(language, sentence):
    assert told(sentence, language) == []


def test_one_sentence_may_tell_two_promises():
    sentence = "The user agreed to send photos of the leak, and the agent will arrange a plumber."
    assert sorted(told(sentence)) == ["commitment agent", "commitment caller"]


def test_a_summary_in_english_of_a_call_in_german_is_read_too():
    assert told("The agent promised to call back.", "de-at") == ["commitment agent"]
    assert told("Der Agent versprach zurückzurufen.", "en") == []


def test_a_summary_is_noted_sentence_by_sentence():
    summary = (
        "Dr. Lima called. The agent promised to call back on Friday. "
        "Ana prefers tea. The old invoice was sent."
    )
    notes = noted(summary=summary)
    assert [(note.kind, note.by, note.text) for note in notes] == [
        ("commitment", "agent", "The agent promised to call back on Friday."),
        ("preference", "caller", "Ana prefers tea."),
        ("done", "", "The old invoice was sent."),
    ]
    assert {(note.source, note.key) for note in notes} == {("summary", "")}


def test_a_rationale_is_read_like_a_summary():
    rationale = "The agent promised to call back on Friday. The caller was polite."
    evaluations = {"follow_up": {"result": "failure", "rationale": rationale}}
    [note] = noted(evaluations=evaluations)
    assert (note.source, note.key) == ("evaluation", "follow_up")
    assert note.text == "The agent promised to call back on Friday."


@pytest.mark.parametrize(
    ("criterion", "result", "rationale", "text"),
    [
        ("callback_completed", "success", "Everything went well. Nice.", "Everything went well."),
        ("issue_resolved", "success", "", "issue resolved"),
        ("issue_resolved", "failure", "It went on.", None),
        ("issue_resolved", "unknown", "", None),
        ("politeness", "success", "Everything went well.", None),
        ("resolved_count", "success", "", None),
    ],
)
def test_a_met_criterion_that_says_done_is_word_of_it(criterion, result, rationale, text):
    evaluations = {criterion: {"result": result, "rationale": rationale}}
    found = [(note.kind, note.text) for note in noted(evaluations=evaluations)]
    assert found == ([("done", text)] if text else [])


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("callback", "Friday at nine", "commitment"),
        ("follow_up_date", "2026-11-20", "commitment"),
        ("promised_by_agent", "a refund", "commitment"),
        ("nextSteps", "send the invoice", "commitment"),
        ("callback", "no", "done"),
        ("follow_up", "Not needed.", "done"),
        ("follow_up", "completed", "done"),
        ("callback", "keiner", "done"),
        ("issue_resolved", "yes", "done"),
        ("issue_resolved", "no", None),
        ("callback_number", "+1 555 010 0142", None),
        ("city", "Rome", None),
    ],
)
def test_a_fact_whose_key_names_a_promise_is_one(key, value, kind):
    found = noted(collected={key: value})
    assert [note.kind for note in found] == ([kind] if kind else [])
    assert all((note.source, note.key) == ("fact", key) for note in found)


def test_a_facts_key_may_say_whose_promise_it_is():
    facts = {"agent_commitment": "call", "caller_commitment": "pay", "next_step": "wait"}
    found = noted(collected=facts)
    assert [(note.text, note.by) for note in found] == [
        ("agent commitment: call", "agent"),
        ("caller commitment: pay", "caller"),
        ("next step: wait", ""),
    ]


def test_who_bears_the_callers_name_is_the_caller():
    summary = "Torres will bring the receipt."
    assert [note.by for note in noted(summary=summary)] == [""]
    named = noted(summary=summary, collected={"last_name": "Torres"})
    assert [note.by for note in named] == ["caller"]


def test_notes_are_bounded_however_much_is_said():
    summary = "The agent promised to send box number one. " * 20 + " ".join(
        f"The agent will send box {n}." for n in range(400)
    )
    found = noted(summary=summary, collected={f"callback {n}": "x" * 10_000 for n in range(400)})
    assert len(found) == 24
    assert all(len(note.text) <= MAX_NOTE_CHARS for note in found)


def test_a_promise_is_never_cut_but_left_out_if_it_is_too_long():
    endless = "The agent promised to " + "call " * 50_000
    assert noted(summary=endless) == ()
    assert [note.text for note in noted(summary=f"We will call back. {endless}")] == [
        "We will call back."
    ]
    steps = "Send the invoice. " + "Call back. " * 60
    [kept] = noted(collected={"next_steps": steps, "callback": "x" * 1_000})
    assert kept.text.startswith("next steps: Send the invoice. Call back.")
    assert kept.text.endswith("Call back.")
    assert MAX_NOTE_CHARS - 12 < len(kept.text) <= MAX_NOTE_CHARS
    [done] = noted(summary="The invoice was sent " + "to her " * 100)
    assert done.text.endswith("…")


def test_a_call_of_nobody_has_no_notes_in_memory():
    payload = transcription_payload(summary="The agent promised to call back.", caller="anonymous")
    assert derive(parse_event("transcription", encoded(payload)), sha256="ab").notes == ()


WORDS = """
    the agent caller ana promised will would be not to send call back , and . 'll n't wird nicht
    versprach zu prometió no enviará se a été İ ß '
"""


@given(st.lists(st.sampled_from(WORDS.split()) | st.text(max_size=5), max_size=20).map(" ".join))
def test_any_sentence_can_be_read(sentence):
    assert told(sentence, "") == told(sentence, "")


@given(st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join))
def test_no_sentence_that_tells_is_passed_over(sentence):
    for language in patterns_for(""):
        kinds = ("served", "vow", "will", "would", "done", "preference")
        found = any(language.find[kind].search(sentence) for kind in kinds)
        assert bool(language.telling.search(sentence)) == found


def remembered(*calls):
    """Return the profile after these calls, one a week, as they come from the platform."""
    conversations = []
    for number, fields in enumerate(calls):
        given = {"conversation_id": f"conv_{number}", "started_at": STARTED_AT + number * 604_800}
        why = {"result": "success", "rationale": fields.pop("rationale", "")}
        payload = transcription_payload(**given, **fields)
        payload["data"]["analysis"]["evaluation_criteria_results"] = {"outcome": why}
        event = parse_event("transcription", encoded(payload))
        conversations.append(derive(event, sha256=f"{number:064x}"))
    return profile_of(CALLER, conversations)


def test_a_promise_is_known_at_the_next_call_until_a_later_one_says_it_is_kept():
    first = {
        "summary": "Ana reported a leak. The agent promised to call back on Friday with a quote.",
        "collected": {"first_name": "Ana", "contact_method": "text message"},
    }
    second = {"summary": "Ana asked for the quote again. She prefers to be called after six."}
    third = {"summary": "The agent had called Ana back and sent the quote. She accepted it."}
    [promise] = remembered(first, second).commitments
    assert promise.note.text == "The agent promised to call back on Friday with a quote."
    assert (promise.note.by, promise.conversation_id) == ("agent", "conv_0")
    known = remembered(first, second, third)
    assert known.commitments == ()
    assert [each.note.text for each in known.preferences] == [
        "contact method: text message",
        "She prefers to be called after six.",
    ]


def test_an_evaluation_may_tell_of_a_promise_and_that_it_is_kept():
    first = {"summary": "A call.", "rationale": "The agent will send the invoice. All was well."}
    second = {"summary": "Another call.", "rationale": "The invoice was sent as promised."}
    [promise] = remembered(dict(first)).commitments
    assert (promise.note.source, promise.note.key) == ("evaluation", "outcome")
    assert remembered(first, second).commitments == ()


def test_a_collected_promise_is_open_until_its_value_says_otherwise():
    first = {"summary": "A call.", "collected": {"callback": "Friday at nine"}}
    again = {"summary": "Another call.", "collected": {"callback": "Monday"}}
    over = {"summary": "A third call.", "collected": {"callback": "done"}}
    assert [each.note.key for each in remembered(first).commitments] == ["callback"]
    assert [each.note.text for each in remembered(first, again).commitments] == ["callback: Monday"]
    assert remembered(first, again, over).commitments == ()


@pytest.mark.parametrize(
    "value", ["No later than Friday 5 pm", "Not before Monday: send the contract"]
)
def test_a_promise_that_begins_with_no_is_a_promise(value):
    assert _kind_of_fact("callback promised", value) == "commitment"
