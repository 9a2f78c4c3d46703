"""When something was said, in words an agent can speak: "three weeks ago, on 1 November"."""

from datetime import UTC, date, datetime, timedelta

from memory.moments import is_known_moment, spoken_date

_NUMBERS = (
    *("no", "a", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_WEEK = 7  # days
_COUNTED_IN_WEEKS = 53  # days: from here on the nearest whole number is two months or more
_MONTH = 365.2425 / 12  # days
_MONTHS_OF_A_YEAR = 12
_NEAR = 14  # days past the anniversary that are still "about" so many years


def spoken_age(moment: datetime, *, now: datetime) -> str:
    """
    Return how long before `now` the `moment` is, with its date; "" for an undated moment.

    Days are UTC days. The year is spoken when it is not this year's. A moment in the future is
    "today" within a day, for clocks differ, and only a date beyond that.
    """
    if not is_known_moment(moment):
        return ""
    said, today = moment.astimezone(UTC).date(), now.astimezone(UTC).date()
    if moment > now:
        is_close = moment - now < timedelta(days=1)
        return "today" if is_close else _on(said, moment, today)
    days = (today - said).days
    if days <= 1:
        return "yesterday" if days else "earlier today"
    if days < _WEEK:
        return f"{_count(days, 'day')} ago, on {_WEEKDAYS[said.weekday()]}"
    return f"{_distance(said, today)} ago, {_on(said, moment, today)}"


def _distance(said: date, today: date) -> str:
    days = (today - said).days
    if days < _COUNTED_IN_WEEKS:
        return _count(round(days / _WEEK), "week")
    months = round(days / _MONTH)
    years = today.year - said.year - ((today.month, today.day) < (said.month, said.day))
    if not years:
        is_short = months < _MONTHS_OF_A_YEAR
        return f"about {_count(months, 'month')}" if is_short else "about a year"
    since_anniversary = days - round(years * _MONTH * _MONTHS_OF_A_YEAR)
    return f"{'about' if since_anniversary <= _NEAR else 'over'} {_count(years, 'year')}"


def _on(said: date, moment: datetime, today: date) -> str:
    spoken = spoken_date(moment)
    return f"on {spoken if said.year != today.year else spoken.rpartition(' ')[0]}"


def _count(number: int, unit: str) -> str:
    spoken = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    return f"{spoken} {unit}{'s' if number > 1 else ''}"
