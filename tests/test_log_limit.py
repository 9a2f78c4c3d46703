"""A flood of refused requests is told of in a few lines, and everything else in full."""

import logging

import pytest

from telemetry.log_limit import LineLimit

REFUSED = {"action": "request", "status": 401}


class Desk:
    """A limit with a clock that stands until it is moved, and what passes it."""

    def __init__(self):
        self.now, self.timers, self.passed = 100.0, [], []
        self.limit = LineLimit(
            clock=lambda: self.now, later=lambda *timer: self.timers.append(timer)
        )
        self.handler = logging.Handler()
        self.handler.emit = self.passed.append
        self.handler.addFilter(self.limit)

    def log(self, times=1, *, name="receiver.request_log", level=logging.INFO, **extra):
        for _ in range(times):
            logging.getLogger(name).log(level, "a line", extra=extra)

    def left_out(self):
        """(level, action, status, how many, in how many seconds) of each line that says so."""
        said = [each for each in self.passed if getattr(each, "action", "") == "lines_left_out"]
        return [(r.levelno, r.of_action, r.of_status, r.count, r.seconds) for r in said]


@pytest.fixture
def desk():
    desk = Desk()
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(desk.handler)
    yield desk
    root.removeHandler(desk.handler)
    root.setLevel(before)


def test_ten_lines_pass_and_the_rest_is_counted_in_one(desk):
    desk.log(500, **REFUSED)
    assert len(desk.passed) == 10
    [(seconds, tell)] = desk.timers  # one timer, however many lines
    assert seconds == 10
    desk.now += 10
    tell()
    assert desk.left_out() == [(logging.INFO, "request", 401, 490, 10)]
    assert len(desk.passed) == 11


def test_after_ten_seconds_lines_pass_again_and_what_was_left_out_is_said_before(desk):
    desk.log(12, **REFUSED)
    desk.now += 10
    desk.log(1, **REFUSED)
    assert [getattr(each, "action", "") for each in desk.passed[10:]] == [
        "lines_left_out",
        "request",
    ]
    desk.timers[0][1]()  # it is late, and says nothing again
    assert len(desk.left_out()) == 1


def test_every_status_and_action_is_counted_for_itself(desk):
    desk.log(11, **REFUSED)
    desk.log(11, action="request", status=404)
    desk.log(11, level=logging.WARNING, action="delivery_refused")
    desk.limit.tell()  # the end of the program
    assert desk.left_out() == [
        (logging.INFO, "request", 401, 1, 0),
        (logging.INFO, "request", 404, 1, 0),
        (logging.WARNING, "delivery_refused", 0, 1, 0),
    ]


def test_what_was_not_left_out_is_not_spoken_of(desk):
    desk.log(10, **REFUSED)
    desk.limit.tell()
    desk.log(10, **REFUSED)
    assert len(desk.passed) == 20
    assert not desk.timers


@pytest.mark.parametrize(
    "line",
    [
        {"action": "request", "status": 200, "path": "/webhook/client-data"},
        {"name": "receiver.server", "action": "receiver_stopping"},
        {"name": "processor.failure_log", "level": logging.ERROR, "action": "event_parked"},
    ],
    ids=["answered", "said at INFO", "of the processor"],
)
def test_what_no_stranger_can_cause_always_passes(desk, line):
    desk.log(50, **line)
    assert len(desk.passed) == 50


@pytest.mark.parametrize(
    "line",
    [
        {"action": "request", "status": 0},
        {"action": "request", "status": 503},
        {"action": "request", "status": 200, "path": "/health"},
        {"name": "aiohttp.server", "level": logging.WARNING},
        {"name": "asyncio", "level": logging.ERROR},
    ],
    ids=["gone", "no room", "is it well", "no HTTP", "no descriptor left"],
)
def test_what_strangers_can_cause_is_limited(desk, line):
    desk.log(50, **line)
    assert len(desk.passed) == 10
