"""The terminal while the live view has it: keys one by one, and everything restored at the end."""

import asyncio
import os
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

QUIT = b"qQ\x03\x04"  # and Ctrl-C and Ctrl-D, where the terminal hands them over as bytes


@contextmanager
def keys(on_quit: Callable[[], None]) -> Iterator[None]:
    """
    Call `on_quit` when somebody presses q; as it was is how the terminal is left.

    Without a terminal to type at, nothing is done. Ctrl-Z does nothing meanwhile: the shell would
    come up over the view.
    """
    if not sys.stdin.isatty():
        yield
        return
    descriptor, loop = sys.stdin.fileno(), asyncio.get_running_loop()

    def read() -> None:
        pressed = os.read(descriptor, 64)
        if not pressed:  # the terminal is gone
            loop.remove_reader(descriptor)
        if not pressed or any(key in QUIT for key in pressed):
            on_quit()

    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        now = termios.tcgetattr(descriptor)
        now[6][termios.VSUSP] = b"\0"
        termios.tcsetattr(descriptor, termios.TCSADRAIN, now)
        loop.add_reader(descriptor, read)
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def signals(on_quit: Callable[[], None], on_resize: Callable[[], None]) -> Iterator[None]:
    """Call `on_quit` when told to end, in whichever way, and `on_resize` for another size."""
    loop = asyncio.get_running_loop()
    wanted = {
        signal.SIGINT: on_quit,
        signal.SIGTERM: on_quit,
        signal.SIGHUP: on_quit,
        signal.SIGWINCH: on_resize,
    }
    for number, call in wanted.items():
        loop.add_signal_handler(number, call)
    try:
        yield
    finally:
        for number in wanted:
            loop.remove_signal_handler(number)
