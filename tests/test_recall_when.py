"""What a question says about time. Every table is for Wednesday, 18 November 2026, 15:00 UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memory.recall.when.read import TimeHint, read_time

NOW = datetime(2026, 11, 18, 15, tzinfo=UTC)
ALWAYS = ("0001-01-01", "9999-12-31")


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def spans_of(question, now=NOW):
    return [
        (str(start)[:16].removesuffix(" 00:00"), str(end)[:16].removesuffix(" 00:00"))
        for start, end in read_time(question, now=now).spans
    ]


def span(first, last=None):
    """Return a span of whole days from "first" to "last", both included."""
    after = day(last or first) + timedelta(days=1)
    return first, str(after.date())


TODAY, YESTERDAY = span("2026-11-18"), span("2026-11-17")
THIS_WEEK = span("2026-11-16", "2026-11-22")
LAST_WEEK, LAST_WEEKEND = span("2026-11-09", "2026-11-15"), span("2026-11-14", "2026-11-15")
THREE_WEEKS_AGO = span("2026-10-25", "2026-10-31")  # the 28th, and half a week about it
LAST_MONTH, LAST_YEAR = span("2026-10-01", "2026-10-31"), span("2025-01-01", "2025-12-31")
LAST_SUMMER = span("2026-06-01", "2026-08-31")
THREE_WEEKS_BACK = ("2026-10-28 15:00", "2026-11-18 15:00")
SINCE_MARCH = ("2026-03-01", "2026-11-18 15:00")
BEFORE_MARCH = (ALWAYS[0], "2026-03-01")
LAST_MONDAY = [span("2026-11-09"), span("2026-11-16")]  # either is meant by it
MARCH_TO_MAY = span("2026-03-01", "2026-05-31")
FIFTH = span("2025-03-05")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What did I order today?", TODAY),
        ("What did I tell you this morning?", TODAY),
        ("What did I say earlier today?", TODAY),
        ("What did I order yesterday?", YESTERDAY),
        ("What about yesterday's call?", YESTERDAY),
        ("Did I call yesterday evening?", YESTERDAY),
        ("And the day before yesterday?", span("2026-11-16")),
        ("What did we discuss last night?", ("2026-11-17 12:00", "2026-11-18 12:00")),
        ("What did I order this week?", THIS_WEEK),
        ("What did I order last week?", LAST_WEEK),
        ("the previous week", LAST_WEEK),
        ("the week before last", span("2026-11-02", "2026-11-08")),
        ("in the past week", ("2026-11-11 15:00", "2026-11-18 15:00")),
        ("in the last three weeks", THREE_WEEKS_BACK),
        ("over the past two months", ("2026-09-18 15:00", "2026-11-18 15:00")),
        ("the last 10 days", ("2026-11-08 15:00", "2026-11-18 15:00")),
        ("What did I buy last weekend?", LAST_WEEKEND),
        ("over the weekend", LAST_WEEKEND),
        ("last month", LAST_MONTH),
        ("this month", span("2026-11-01", "2026-11-30")),
        ("last year", LAST_YEAR),
        ("last quarter", span("2026-07-01", "2026-09-30")),
        ("last summer", LAST_SUMMER),
        ("this spring", span("2026-03-01", "2026-05-31")),
        ("last fall", span("2025-09-01", "2025-11-30")),
        ("last winter", span("2025-12-01", "2026-02-28")),
        ("summer of last year", span("2025-06-01", "2025-08-31")),
        ("last Christmas", span("2025-12-24", "2025-12-26")),
        ("Christmas 2024", span("2024-12-24", "2024-12-26")),
        ("at Easter", span("2026-04-03", "2026-04-06")),
        ("on Valentine's day", span("2026-02-14")),
        ("Thanksgiving last year", span("2025-11-27")),
        ("an hour ago", ("2026-11-18 13:00", "2026-11-18 15:00")),
        ("20 minutes ago", ("2026-11-18 13:40", "2026-11-18 15:00")),
        ("in the last hour", ("2026-11-18 13:00", "2026-11-18 15:00")),
        ("last fortnight", span("2026-11-02", "2026-11-15")),
        ("March this year", span("2026-03-01", "2026-03-31")),
        ("this March", span("2026-03-01", "2026-03-31")),
        ("since the 5th", ("2026-11-05", "2026-11-18 15:00")),
        ("since the 31st", ("2026-10-31", "2026-11-18 15:00")),
        ("since last winter", ("2025-12-01", "2026-11-18 15:00")),
        ("since winter", ("2025-12-01", "2026-11-18 15:00")),
        ("the day before the 5th", span("2026-11-04")),
        ("3 days ago", span("2026-11-15")),
        ("ten days ago", span("2026-11-07", "2026-11-09")),
        ("a few days ago", span("2026-11-12", "2026-11-16")),
        ("a week ago", span("2026-11-08", "2026-11-14")),
        ("Where did I go three weeks ago?", THREE_WEEKS_AGO),
        ("a couple of weeks ago", span("2026-10-25", "2026-11-14")),
        ("two months ago", span("2026-09-03", "2026-10-03")),
        ("half a year ago", span("2026-04-08", "2026-06-27")),
        ("a year ago", span("2025-07-21", "2026-03-18")),
        ("on Monday", span("2026-11-16")),
        ("on Friday morning", span("2026-11-13")),
        ("on Wednesday", span("2026-11-11")),
        ("last Friday", span("2026-11-13")),
        ("Monday of last week", span("2026-11-09")),
        ("this Thursday", span("2026-11-19")),
        ("March 2025", span("2025-03-01", "2025-03-31")),
        ("in March of last year", span("2025-03-01", "2025-03-31")),
        ("last year in March", span("2025-03-01", "2025-03-31")),
        ("last March", span("2026-03-01", "2026-03-31")),
        ("last December", span("2025-12-01", "2025-12-31")),
        ("June and August 2024", span("2024-08-01", "2024-08-31")),
        ("on March 5th, 2025", FIFTH),
        ("on the 5th of March 2025", FIFTH),
        ("5 March 2025", FIFTH),
        ("2025-03-05", FIFTH),
        ("on 2025/3/5?", FIFTH),
        ("25.12.2024", span("2024-12-25")),
        ("12/25/24", span("2024-12-25")),
        ("2025-03", span("2025-03-01", "2025-03-31")),
        ("the 5th of last month", span("2026-10-05")),
        ("from 3 to 5 March", span("2026-03-03", "2026-03-05")),
        ("March 3-5, 2025", span("2025-03-03", "2025-03-05")),
        ("late March 2024", ("2024-03-21 16:00", "2024-04-01")),
        ("at the start of last month", ("2026-10-01", "2026-10-11 08:00")),
        ("since March", SINCE_MARCH),
        ("since last week", ("2026-11-09", "2026-11-18 15:00")),
        ("since 2020", ("2020-01-01", "2026-11-18 15:00")),
        ("before March 2025", (ALWAYS[0], "2025-03-01")),
        ("until last week", (ALWAYS[0], "2026-11-16")),
        ("after the 5th of May", ("2026-05-06", "2026-11-18 15:00")),
        ("between March and May", MARCH_TO_MAY),
        ("between 3 March and 5 April 2025", span("2025-03-03", "2025-04-05")),
        ("between November and January", span("2025-11-01", "2026-01-31")),
        ("from Monday to Tuesday", span("2026-11-16", "2026-11-17")),
        ("the week of March 5", span("2026-03-02", "2026-03-08")),
        ("the week before August 3, 2023", span("2023-07-27", "2023-08-02")),
        ("two weeks before August 11, 2023", span("2023-07-25", "2023-07-31")),
        ("last weekend before April 10, 2023", span("2023-04-08", "2023-04-09")),
        ("the day after 28 February 2024", span("2024-02-29")),
        ("two days after 28 February 2023", span("2023-03-02")),
    ],
)
def test_english_times_are_resolved_against_the_moment_of_the_question(question, expected):
    assert spans_of(question) == [expected]


@pytest.mark.parametrize("question", ["on 3/5/2025", "am 05.03.2025", "on 05-03-2025"])
def test_a_date_in_digits_is_read_in_both_orders(question):
    assert spans_of(question) == [FIFTH, span("2025-05-03")]


@pytest.mark.parametrize(
    "question",
    [
        *("last Monday", "letzten Montag", "el lunes pasado", "lundi dernier"),
        *("segunda passada", "lunedì scorso"),
    ],
)
def test_last_monday_in_the_same_week_may_be_this_weeks_or_the_one_before(question):
    assert spans_of(question) == LAST_MONDAY


OTHER_LANGUAGES = {
    TODAY: "heute Morgen|hoy|esta mañana|aujourd'hui|ce matin|hoje|esta manhã|oggi|stamattina",
    YESTERDAY: "gestern|ayer|hier|hier soir|ontem|ieri|ieri sera|gestern Abend",
    span("2026-11-16"): (
        "vorgestern|anteayer|antes de ayer|avant-hier|anteontem|l'altro ieri|am Montag|el lunes"
        "|lundi|na segunda-feira|na segunda|lunedì"
    ),
    ("2026-11-17 12:00", "2026-11-18 12:00"): "letzte Nacht|anoche|la nuit dernière|ontem à noite",
    LAST_WEEK: (
        "letzte Woche|la semana pasada|la semaine dernière|na semana passada"
        "|la settimana scorsa|la scorsa settimana"
    ),
    LAST_WEEKEND: (
        "letztes Wochenende|am Wochenende|el fin de semana pasado|le week-end dernier"
        "|no fim de semana passado|il fine settimana scorso"
    ),
    LAST_MONTH: "letzten Monat|el mes pasado|le mois dernier|no mês passado|il mese scorso",
    LAST_YEAR: (
        "letztes Jahr|el año pasado|l'année dernière|l'an dernier|o ano passado|l'anno scorso"
    ),
    LAST_SUMMER: "letzten Sommer|el verano pasado|l'été dernier|no verão passado|l'estate scorsa",
    THREE_WEEKS_AGO: (
        "vor drei Wochen|vor 3 Wochen|hace tres semanas|il y a trois semaines"
        "|há três semanas|três semanas atrás|tre settimane fa"
    ),
    span("2026-04-08", "2026-06-27"): "vor einem halben Jahr|hace medio año",
    THREE_WEEKS_BACK: (
        "in den letzten drei Wochen|seit drei Wochen|las últimas tres semanas"
        "|ces trois dernières semaines|depuis trois semaines|nas últimas três semanas"
        "|nelle ultime tre settimane"
    ),
    span("2025-03-01", "2025-03-31"): (
        "im März 2025|im März letzten Jahres|en marzo de 2025|en marzo del año pasado"
        "|en mars 2025|em março de 2025|a marzo 2025"
    ),
    FIFTH: (
        "am 5. März 2025|el 5 de marzo de 2025|le 5 mars 2025|em 5 de março de 2025|il 5 marzo 2025"
    ),
    SINCE_MARCH: "seit März|desde marzo|depuis mars|desde março",
    BEFORE_MARCH: "vor März|antes de marzo|avant mars|antes de março|prima di marzo",
    MARCH_TO_MAY: (
        "zwischen März und Mai|entre marzo y mayo|entre mars et mai|entre março e maio"
        "|tra marzo e maggio"
    ),
    span("2026-03-03", "2026-03-05"): (
        "vom 3. bis 5. März|del 3 al 5 de marzo|du 3 au 5 mars|dal 3 al 5 marzo"
    ),
}


@pytest.mark.parametrize(
    ("question", "expected"),
    [(each, expected) for expected, text in OTHER_LANGUAGES.items() for each in text.split("|")],
)
def test_other_languages_name_the_same_times(question, expected):
    assert spans_of(question) == [expected]


@pytest.mark.parametrize(
    ("question", "months", "on"),
    [
        ("What did I order in March?", {3}, None),
        ("my July invoice", {7}, None),
        ("the August bill", {8}, None),
        ("in April or May", {4, 5}, None),
        ("during the summer", {6, 7, 8}, None),
        ("in winter", {12, 1, 2}, None),
        ("on March 5th", {3}, 5),
        ("on March twenty first", {3}, 21),
        ("the 5th of March", {3}, 5),
        ("on the second of May", {5}, 2),
        ("on May 5", {5}, 5),
        ("on the 5th", set(), 5),
        ("on 31/12", {12}, 31),
        ("on 12/31", {12}, 31),
        ("on the fifth", set(), 5),
        ("im März", {3}, None),
        ("im Mai", {5}, None),
        ("im Monat Mai", {5}, None),
        ("am 5.", set(), 5),
        ("Was habe ich am 5. bestellt?", set(), 5),
        ("Was habe ich am 5. Mai bestellt?", {5}, 5),
        ("am fünften März", {3}, 5),
        ("am 05.03.", {3}, 5),
        ("en marzo", {3}, None),
        ("el 5 de marzo", {3}, 5),
        ("el cinco de marzo", {3}, 5),
        ("el 5", set(), 5),
        ("la factura de mayo", {5}, None),
        ("en mars", {3}, None),
        ("le 5 mars", {3}, 5),
        ("le 1er mars", {3}, 1),
        ("le 5", set(), 5),
        ("em março", {3}, None),
        ("no dia 5", set(), 5),
        ("no dia 5 de março", {3}, 5),
        ("in marzo", {3}, None),
        ("il 5 marzo", {3}, 5),
        ("il primo marzo", {3}, 1),
    ],
)
@pytest.mark.parametrize("now", [NOW, None])
def test_a_date_without_its_year_stays_parts_of_a_date(question, months, on, now):
    hint = read_time(question, now=now)
    assert (hint.months, hint.day, hint.spans) == (months, on, ())


def test_a_part_of_a_month_is_the_last_one_and_the_month_its_wider_reading():
    hint = read_time("in early March", now=NOW)
    assert hint.months == {3}
    assert spans_of("in early March") == [("2026-03-01", "2026-03-11 08:00")]
    assert read_time("in early March", now=None).months == {3}


@pytest.mark.parametrize(
    ("question", "years"),
    [
        ("What did I order in 2024?", {2024}),
        ("in the year 2024", {2024}),
        ("in 2024 and 2025", {2024, 2025}),
        ("between 2020 and 2022", {2020, 2021, 2022}),
        ("between 2022 and 2020", {2020, 2021, 2022}),
        ("im Jahr 2024", {2024}),
        ("en el año 2024", {2024}),
        ("en 2024", {2024}),
        ("em 2024", {2024}),
        ("nel 2024", {2024}),
    ],
)
def test_a_year_alone_is_a_year(question, years):
    hint = read_time(question, now=NOW)
    assert hint == TimeHint(years=frozenset(years), dates=hint.dates)
    assert hint.dates


@pytest.mark.parametrize(
    "question",
    [
        *("", " ", "?", "May I speak to someone?", "march on", "How far did they march?"),
        *("Call June.", "Tell me about August.", "What did I tell April?", "I'd march on"),
        *("room 5", "order 2024", "Which is order number 2024?", "my last name", "at last"),
        *("Do I have two days off?", "My son is five years old.", "I am 25.", "one may ask"),
        *("What day is the delivery?", "What time is it?", "twice a week", "next week"),
        *("next Monday", "every Monday", "every day", "on the 5th floor", "March 20 miles"),
        *("spring rolls", "real estate", "Did she fall?", "winter tyres", "before the accident"),
        *("since I moved in", "192.168.2.1", "99/99/2024", "2025-13-45", "31/04/2025"),
        *("9999 years ago", f"{'9' * 5000} days ago", "3.5 weeks ago", "once upon a time"),
        *("mia figlia ha tre anni", "elle a été malade", "mi casa", "nächste Woche"),
        *("on 31.31.", "on 1/2/345", "on 1/2/1850", "2025-13", "on the thirty second of March"),
        *("la semana que viene", "la semaine prochaine", "昨日何を注文しましたか", "ماذا طلبت"),
    ],
)
def test_what_is_no_time_is_not_taken_for_one(question):
    hint = read_time(question, now=NOW)
    assert (hint.spans, hint.months, hint.years, hint.day, hint.calls) == (
        (),
        set(),
        set(),
        None,
        (),
    )


RELATIVE = (
    "last week|yesterday|last night|this morning|three months ago|the last ten days|on Monday"
    "|over the weekend|the 5th of last month|the day after tomorrow"
)


@pytest.mark.parametrize("question", RELATIVE.split("|"))
def test_without_a_moment_relative_words_are_words_like_others(question):
    hint = read_time(question, now=None)
    assert (hint.spans, hint.words) == ((), set())


def test_without_a_moment_full_dates_and_open_ranges_are_understood():
    assert spans_of("on 5 March 2025", now=None) == [FIFTH]
    assert spans_of("since March 2025", now=None) == [("2025-03-01", ALWAYS[1])]
    assert spans_of("before 2024", now=None) == [(ALWAYS[0], "2024-01-01")]
    assert read_time("last summer", now=None).months == {6, 7, 8}
    assert read_time("between November and January", now=None).months == {11, 12, 1}
    assert read_time("at Easter", now=None) == TimeHint()


@pytest.mark.parametrize(
    ("question", "now", "expected"),
    [
        ("yesterday", "2026-01-01", span("2025-12-31")),
        ("last month", "2026-01-31", span("2025-12-01", "2025-12-31")),
        ("last week", "2026-01-01", span("2025-12-22", "2025-12-28")),
        ("a month ago", "2026-03-31", span("2026-02-13", "2026-03-15")),
        ("a year ago", "2024-02-29", span("2022-10-31", "2023-06-28")),
        ("yesterday", "2024-03-01", span("2024-02-29")),
        ("on 29 February 2024", "2026-01-01", span("2024-02-29")),
        ("since 29 February", "2026-01-01", ("2024-02-29", "2026-01-01")),
        ("last winter", "2026-01-15", span("2024-12-01", "2025-02-28")),
        ("this winter", "2026-01-15", span("2025-12-01", "2026-02-28")),
        ("last summer", "2026-07-15", span("2025-06-01", "2025-08-31")),
        ("last March", "2026-03-15", span("2025-03-01", "2025-03-31")),
        ("last weekend", "2026-11-22", span("2026-11-14", "2026-11-15")),  # asked on a Sunday
        ("at the weekend", "2026-11-22", span("2026-11-21", "2026-11-22")),
        ("last Christmas", "2026-12-25", span("2026-12-24", "2026-12-26")),
    ],
)
def test_times_are_right_around_the_ends_of_months_and_years(question, now, expected):
    assert spans_of(question, now=day(now)) == [expected]


def test_a_day_that_does_not_exist_is_no_span():
    assert spans_of("on 29 February 2025") == []
    assert spans_of("on 31 April 2025") == []


def test_days_are_those_of_utc():
    evening = datetime(2026, 11, 18, 22, tzinfo=timezone(timedelta(hours=-5)))
    assert spans_of("today", now=evening) == [span("2026-11-19")]


TIMELY_WORDS = (
    "last week since before the 5 31 99 2024 march may monday of in on between and ago three vor "
    "hace il y a un an mes call time first summer christmas half , . - / ? 3/5/2025 fa early end "
    "day days month years from to until every next aujourd'hui used old is"
)
TIMELY = st.lists(
    st.sampled_from(TIMELY_WORDS.split()),
    max_size=14,
).map(" ".join)


@given(
    question=st.text() | TIMELY,
    now=st.none() | st.datetimes(timezones=st.just(UTC)),
)
@example(question="a\ud800 last week", now=NOW)
@example(question="last week " * 2_000, now=NOW)
@example(question="1 year ago", now=datetime.min.replace(tzinfo=UTC))
@example(question="since last year", now=datetime.max.replace(tzinfo=UTC))
def test_any_text_is_read_and_spans_are_ordered(question, now):
    hint = read_time(question, now=now)
    assert all(start < end for start, end in hint.spans)
    assert list(hint.spans) == sorted(hint.spans)
    assert all(1 <= month <= 12 for month in hint.months)
    assert hint.day is None or 1 <= hint.day <= 31
    assert read_time(question, now=now) == hint
