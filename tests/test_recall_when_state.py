"""Which call a question means, whether it asks for now or then, and what only says when."""

from datetime import UTC, datetime

import pytest

from memory.recall.when.read import read_time
from memory.recall.words import words

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
    assert read_time(question, now=now).calls == (call,)


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("What were my last two calls about?", 2),
        ("the last 3 calls", 3),
        ("the last three phone calls", 3),
        ("in our previous two conversations", 2),
        ("my two most recent calls", 2),
        ("the last couple of calls", 2),
        ("the last few calls", 3),
        ("the last three times I called", 3),
        ("meine letzten zwei Anrufe", 2),
        ("las últimas tres llamadas", 3),
        ("mes trois derniers appels", 3),
        ("le ultime due chiamate", 2),
    ],
)
@pytest.mark.parametrize("now", [NOW, None])
def test_several_calls_are_named_by_their_number(question, count, now):
    hint = read_time(question, now=now)
    assert (hint.calls, hint.tense) == ((-1, -2, -3)[:count], "")


def test_the_last_no_calls_are_none():
    assert read_time("the last 0 calls", now=NOW).calls == ()


@pytest.mark.parametrize(
    "question", ["When was the last time I ordered pizza?", "What were my last calls about?"]
)
def test_the_last_time_of_something_else_is_the_newest_and_no_call(question):
    hint = read_time(question, now=NOW)
    assert (hint.calls, hint.tense) == ((), "now")


NOW_TEXT = (
    "Where am I living now?|What is Ana's current job?|Do I still smoke?"
    "|What is she doing these days?|What was my latest order?"
    "|Wo wohne ich jetzt?|meine aktuelle Nummer|¿Dónde trabajo ahora?|mi dirección actual"
    "|Où habite Anne maintenant ?|en ce moment|Onde moro agora?|Dove abito adesso?"
)
PRESENT_TEXT = (
    "Where does Ana live?|Where do I work?|What is my address?|What's her phone number?"
    "|What is her e-mail?"
    "|Which car do I have?|What has she read lately?|Wo wohnt Anna?|Wie lautet meine Adresse?"
    "|¿Dónde vive Ana?|¿Cuál es mi dirección?|Où habite-t-elle ?|Quelle est mon adresse ?"
    "|Onde mora a Ana?|Qual é o meu endereço?|Dove abita Anna?|Qual è il mio indirizzo?"
)
THEN_TEXT = (
    "Where did I live before?|Where did Ana use to work?|What car did I have before that?"
    "|Ana used to dance, where?|What was my address?|When did I order it for the first time?"
    "|What is my old address?|my previous doctor"
    "|What did she originally want?|Where did Ana work back then?|What did we do in the past?"
    "|old address|old insurance|the very old e-mail|previous dentist|former employer"
    "|address before the move|What was her address before she moved?|insurance before Humana"
    "|Adresse vor dem Umzug|dirección antes de la mudanza"
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
    "|old fence|How old is my dentist?|How old is the car?|a ten years old car|is it old?"
    "|What is the name of the dog?|What is her name?|When is her birthday?|Wie heißt der Hund?"
    "|¿Cómo se llama el perro?|Did I give my address before the call?"
    "|Stellte er sich vor?|Wie alt ist mein Sohn?|in the past week"
)


@pytest.mark.parametrize(
    ("question", "tense"),
    [
        (question, tense)
        for tense, text in (
            ("now", NOW_TEXT),
            ("present", PRESENT_TEXT),
            ("then", THEN_TEXT),
            ("", UNCLEAR_TEXT),
        )
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


@pytest.mark.parametrize(
    ("question", "dates"),
    [
        ("What did she say on the 5th of October?", "5 october"),
        ("on the fifth of October 2026", "5 october 2026"),
        ("on the eleventh of November", "11 november"),
        ("on March twenty-first", "march 20 first 21"),
        ("from 3 to 5 March", "3 5 march"),
        ("on 3/5/2025", "3 5 2025 352025"),
        ("What did I order on Monday?", "monday"),
        ("two weeks before August 11, 2023", "august 11 2023"),
        ("the 5th of last month", "5"),
        ("last Christmas", "christmas"),
        ("in the summer", "summer"),
        ("am 5. März", "5 marz"),
        ("le 5 mars", "5 mars"),
        ("Did I buy 5 pens on the 5th?", ""),  # one of the two is no date
        ("Did I call March in March?", ""),
        ("What did I order last week?", ""),
        ("the last 3 calls", ""),
        ("next Monday", ""),
        ("Tell me about August.", ""),
        ("room 5", ""),
    ],
)
def test_words_that_name_the_date_are_told_as_they_are_searched_for(question, dates):
    assert read_time(question, now=NOW).dates == set(dates.split())
    assert set(dates.split()) <= set(words(question))


def test_a_named_time_says_when_by_itself():
    assert read_time("What was my address?", now=NOW).tense == "then"
    assert read_time("What was my address last week?", now=NOW).tense == ""
    assert read_time("What is she currently reading in May 2025?", now=NOW).tense == ""


def test_recently_is_no_time_but_asks_for_the_newest_unless_a_time_is_named():
    hint = read_time("What did she read recently?", now=NOW)
    assert (hint.spans, hint.tense) == ((), "present")
    (named,) = read_time("What did she read recently, in May 2025?", now=NOW).spans
    assert named == (datetime(2025, 5, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC))
