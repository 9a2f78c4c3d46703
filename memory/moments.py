"""Which moments are dates, and how a date is spoken."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def is_known_moment(moment: datetime) -> bool:
    """
    Tell whether `moment` is a date that may be spoken.

    A call that names no time is dated at the epoch, and its turns in the days after it.
    """
    return moment.astimezone(UTC).year > EPOCH.year


def spoken_date(moment: datetime) -> str:
    """Return the day as an agent can say it, the same in every locale: "20 November 2026"."""
    day = moment.astimezone(UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def microseconds_of(moment: datetime) -> int:
    """Return how many microseconds after the epoch `moment` is: exact, unlike timestamp()."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(microseconds: int) -> datetime:
    """Return the moment that is so many microseconds after the epoch."""
    return EPOCH + timedelta(microseconds=microseconds)
