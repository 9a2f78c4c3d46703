"""The sockets that are listened on: our own, or handed over by who started us; and who comes."""

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

# The kernel takes as many as it allows (net.core.somaxconn). During a restart they wait here.
BACKLOG = 4096
# systemd's protocol: what it hands over begins after stdin, stdout and stderr.
FIRST_HANDED_OVER = 3
# Files, databases and outgoing connections, besides those to us.
OTHER_DESCRIPTORS = 256
_ACCEPT_AT_ONCE = 8  # then those who are in have their turn: a flood may wait longer
_PAUSE_SECONDS = 0.5

Protocols = Callable[[str], asyncio.Protocol | None]


class CannotListen(Exception):
    """The address cannot be had, or what was handed over is no socket to listen on."""


async def open_sockets(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of `host`. Raises `CannotListen`."""
    loop = asyncio.get_running_loop()
    opened: list[socket.socket] = []
    try:
        found = await loop.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, address in dict.fromkeys((each[0], each[4]) for each in found):
            opened.append(socket.create_server(address, family=family, backlog=BACKLOG))
    except OSError as error:
        for each in opened:
            each.close()
        reason = error.strerror or error
        raise CannotListen(
            f"cannot listen on {host}:{port}: {reason}; set HOST and PORT to an address of "
            "this machine that is free"
        ) from error
    return opened


def handed_over_sockets(count: int) -> list[socket.socket]:
    """Return the sockets this process was started with (LISTEN_FDS). Raises `CannotListen`."""
    taken: list[socket.socket] = []
    try:
        for descriptor in range(FIRST_HANDED_OVER, FIRST_HANDED_OVER + count):
            taken.append(_handed_over(descriptor))  # noqa: PERF401  # to close them if one is wrong
    except CannotListen:
        for each in taken:
            each.close()
        raise
    return taken


def _handed_over(descriptor: int) -> socket.socket:
    problem = "it is no TCP socket that listens"
    try:
        taken = socket.socket(fileno=descriptor)
    except OSError as error:
        raise CannotListen(_not_ours(descriptor, error.strerror or problem)) from error
    is_listening = taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if not is_listening or taken.family not in {socket.AF_INET, socket.AF_INET6}:
        taken.close()
        raise CannotListen(_not_ours(descriptor, problem))
    taken.set_inheritable(False)
    return taken


def _not_ours(descriptor: int, reason: str) -> str:
    return (
        f"cannot listen on descriptor {descriptor}, which LISTEN_FDS promises: {reason}; use "
        "ListenStream=ADDRESS:PORT and Accept=no in the socket unit"
    )


class Listening:
    """
    Lets in who comes to `sockets`, each connection with the protocol that `admit` returns.

    `admit` gets the peer's address, and None from it turns the peer away; `make_room` is called
    when the process has no descriptor left. No connection that was accepted is ever lost, which
    an asyncio server does not promise for the moment in which it is closed.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        *,
        admit: Protocols,
        make_room: Callable[[], object],
    ) -> None:
        self._sockets = sockets
        self._admit = admit
        self._make_room = make_room
        self._loop = asyncio.get_running_loop()
        self._entering: set[asyncio.Task[None]] = set()
        self._pauses: dict[int, asyncio.TimerHandle] = {}
        for each in sockets:
            each.setblocking(False)

    @property
    def address(self) -> tuple[str, int]:
        """Return the host and the port of the first socket."""
        host, port = self._sockets[0].getsockname()[:2]
        return str(host), int(port)

    def start(self) -> None:
        """Let in who comes from now on, and who waits already."""
        for each in self._sockets:
            each.listen(BACKLOG)
            self._loop.add_reader(each.fileno(), self._accept, each)

    async def stop(self, *, leaves_waiting: bool) -> None:
        """
        Let nobody in any more; who was accepted has come in when this returns.

        Who waits is left for the next process that has the sockets (`leaves_waiting`), else let
        in: nobody else would answer.
        """
        for each in self._sockets:
            self._loop.remove_reader(each.fileno())
        for pause in self._pauses.values():
            pause.cancel()
        self._pauses.clear()
        for each in self._sockets:
            while not leaves_waiting and self._accept_one(each):
                pass
            each.close()
        self._sockets = ()
        while self._entering:
            await asyncio.wait(self._entering)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPT_AT_ONCE):
            if not self._accept_one(listening):
                return

    def _accept_one(self, listening: socket.socket) -> bool:
        """Tell whether another may be waiting."""
        try:
            connection, peer = listening.accept()
        except (BlockingIOError, InterruptedError):
            return False
        except ConnectionError:
            return True  # gone before it was let in
        except OSError as error:
            self._pause(listening, error)
            return False
        protocol = self._admit(str(peer[0]))
        if protocol is None:
            connection.close()
            return True
        connection.setblocking(False)
        entering = self._loop.create_task(self._enter(connection, protocol))
        self._entering.add(entering)
        entering.add_done_callback(self._entering.discard)
        return True

    async def _enter(self, connection: socket.socket, protocol: asyncio.Protocol) -> None:
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, connection)
        except OSError as error:  # gone meanwhile
            logger.debug("connection lost: %s", error, extra={"action": "connection_lost"})
            connection.close()
            protocol.connection_lost(error)

    def _pause(self, listening: socket.socket, error: OSError) -> None:
        """Accept nobody for a moment: the system has no room, and the loop would turn for it."""
        logger.warning(
            "cannot accept a connection: %s; trying again in %.1f s",
            error,
            _PAUSE_SECONDS,
            extra={"action": "accept_paused"},
        )
        if error.errno in {errno.EMFILE, errno.ENFILE}:
            self._make_room()
        number = listening.fileno()
        self._loop.remove_reader(number)
        self._pauses[number] = self._loop.call_later(
            _PAUSE_SECONDS, self._loop.add_reader, number, self._accept, listening
        )


def room_for(connections: int) -> int:
    """
    Return how many connections the process can have, at most `connections`.

    Its limit of open descriptors is raised for that as far as the system allows.
    """
    needed = connections + OTHER_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return connections
    wanted = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError) as error:
        wanted = soft
        reason = f" ({error})"
    else:
        reason = ""
    if wanted >= needed:
        return connections
    room = max(wanted - OTHER_DESCRIPTORS, wanted // 4)
    logger.warning(
        "only %d connections at once, for the process may open %d files%s; raise the limit of "
        "open files (ulimit -n, LimitNOFILE) to %d for MAX_CONNECTIONS=%d",
        *(room, wanted, reason, needed, connections),
        extra={"action": "connections_lowered", "connections": room},
    )
    return room
