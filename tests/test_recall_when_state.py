"""Which call a question means, whether it asks for now or then, and what only says when."""

from datetime import UTC, datetime

import pytest

from memory.recall.when.read import read_time

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("question", "call"),
    [
        ("What did I say in my last call?", -1),
        ("in our previous conversation", -1),
        ("during my most recent phone call", -1),
        ("What did I tell you last time?", -1),
        ("the last time we spoke", -1),
        ("When did we last speak?", -1),
        ("the call before last", -2),
        ("the time before last", -2),
        ("in the second to last call", -2),
        ("two calls ago", -2),
        ("my first call", 0),
        ("when I first called", 0),
        ("the first time we spoke", 0),
        ("What did I tell you the first time?", 0),
        ("in the second call", 1),
        ("im letzten Anruf", -1),
        ("beim letzten Mal", -1),
        ("das vorletzte Gespräch", -2),
        ("mein erster Anruf", 0),
        ("als ich zum ersten Mal anrief", 0),
        ("en mi última llamada", -1),
        ("la última vez", -1),
        ("la penúltima llamada", -2),
        ("mi primera llamada", 0),
        ("pendant mon dernier appel", -1),
        ("la dernière fois", -1),
        ("l'avant-dernier appel", -2),
        ("mon premier appel", 0),
        ("na minha última ligação", -1),
        ("a última vez", -1),
        ("a segunda ligação", 1),
        ("nell'ultima chiamata", -1),
        ("l'ultima volta", -1),
        ("la penultima telefonata", -2),
        ("la prima chiamata", 0),
    ],
)
@pytest.mark.parametrize("now", [NOW, None])
def test_a_call_is_named_by_its_place(question, call, now):
    assert read_time(question, now=now).call == call


@pytest.mark.parametrize(
    "question", ["When was the last time I ordered pizza?", "What were my last two calls about?"]
)
def test_the_last_time_of_something_else_is_the_newest_and_no_call(question):
    hint = read_time(question, now=NOW)
    assert (hint.call, hint.tense) == (None, "now")


NOW_TEXT = (
    "Where does Ana live?|Where do I work?|What is my address?|What's her phone number?"
    "|Which car do I have?|Where am I living now?|What is Ana's current job?|Do I still smoke?"
    "|What is she doing these days?|What has she read lately?|What was my latest order?"
    "|Wo wohnt Anna?|Wie lautet meine Adresse?|Wo wohne ich jetzt?|meine aktuelle Nummer"
    "|¿Dónde vive Ana?|¿Cuál es mi dirección?|¿Dónde trabajo ahora?|mi dirección actual"
    "|Où habite-t-elle ?|Quelle est mon adresse ?|Où habite Anne maintenant ?|en ce moment"
    "|Onde mora a Ana?|Qual é o meu endereço?|Onde moro agora?"
    "|Dove abita Anna?|Qual è il mio indirizzo?|Dove abito adesso?"
)
THEN_TEXT = (
    "Where did I live before?|Where did Ana use to work?|What car did I have before that?"
    "|Ana used to dance, where?|What was my address?|When did I order it for the first time?"
    "|What is my old address?|my previous doctor"
    "|What did she originally want?|Where did Ana work back then?|What did we do in the past?"
    "|Wo habe ich früher gewohnt?|meine alte Adresse|Wo wohnte Anna damals?|war meine Adresse"
    "|¿Dónde vivía antes?|mi dirección anterior|en el pasado"
    "|Où habitait-elle avant ?|mon ancienne adresse|Où travaillait-elle ?"
    "|Onde eu morava antes?|meu endereço antigo|Dove abitavo prima?|il mio vecchio indirizzo"
)
UNCLEAR_TEXT = (
    "What did I order?|Who called?|I am used to it, did I say why?|How old is my son?"
    "|What happened before the accident?|What did I say about my phone number?"
    "|What address did I give last week?|What was my last address?|What was my last call about?"
    "|Who did Ana work with?|How does she use it?|Was hat meine Frau gesagt?"
    "|Stellte er sich vor?|Wie alt ist mein Sohn?|in the past week"
)


@pytest.mark.parametrize(
    ("question", "tense"),
    [
        (question, tense)
        for tense, text in (("now", NOW_TEXT), ("then", THEN_TEXT), ("", UNCLEAR_TEXT))
        for question in text.split("|")
    ],
)
@pytest.mark.parametrize("now", [NOW, None])
def test_a_question_asks_for_now_or_for_then(question, tense, now):
    assert read_time(question, now=now).tense == tense


@pytest.mark.parametrize(
    ("question", "counts"),
    [
        ("How many times did I call?", True),
        ("How often does she swim?", True),
        ("Every time I called, who answered?", True),
        ("the number of times I called", True),
        ("Wie oft habe ich angerufen?", True),
        ("¿Cuántas veces llamé?", True),
        ("Combien de fois ai-je appelé ?", True),
        ("Quantas vezes liguei?", True),
        ("Quante volte ho chiamato?", True),
        ("How many dogs do I have?", False),
        ("What time is it?", False),
        ("I often call, why?", False),
    ],
)
def test_a_question_asks_how_often(question, counts):
    assert read_time(question, now=NOW).counts is counts


@pytest.mark.parametrize(
    ("question", "only_when"),
    [
        ("What did I order last week?", {"last", "week"}),
        ("What did I order yesterday?", {"yesterday"}),
        ("Was ist vor drei Wochen passiert?", {"vor", "drei", "3", "wochen"}),
        ("Did I buy three pens three weeks ago?", {"weeks", "ago"}),
        ("qu'ai-je dit aujourd'hui ?", {"aujourdhui"}),
        ("le week-end dernier", {"week", "end", "dernier"}),
        ("What did I say in my last call?", {"last", "call"}),
        ("How often do I call?", {"often"}),
        ("Where do I work now?", {"now"}),
        ("What did I order on 5 March?", set()),  # memories speak of dates as well
        ("What did I order last March?", {"last"}),
        ("Did I give my last name last week?", {"week"}),  # one of the two says no time
    ],
)
def test_words_that_only_say_when_are_told(question, only_when):
    assert read_time(question, now=NOW).words == only_when


def test_a_named_time_says_when_by_itself():
    assert read_time("What was my address?", now=NOW).tense == "then"
    assert read_time("What was my address last week?", now=NOW).tense == ""
    assert read_time("What is she currently reading in May 2025?", now=NOW).tense == ""


def test_recently_is_a_time_unless_another_is_named():
    (recent,) = read_time("What did she read recently?", now=NOW).spans
    assert recent == (datetime(2026, 10, 18, 15, tzinfo=UTC), NOW)
    (named,) = read_time("What did she read recently, in May 2025?", now=NOW).spans
    assert named == (datetime(2025, 5, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC))
