# ruff: noqa: INP001 - a program of its own
"""
Asks the server of this container how it is: for HEALTHCHECK and for the probes of Kubernetes.

`probe.py` succeeds while /health says 200. `probe.py alive` succeeds while /health answers at all:
a server whose memory is away still stores events and answers calls as for strangers, so that to
stop it, or to send nobody there, would make things worse.
"""

import http.client
import os
import sys

SECONDS = 8.0  # /health itself waits up to 2 s for each of the things it looks at


def status() -> int:
    """Return the status of /health; raises OSError or HTTPException when there is no answer."""
    port = int(os.environ.get("PORT") or 8080)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    finally:
        connection.close()


def main() -> int:
    """Return the exit code: 0 if all is well, 1 if not, with the reason on stderr."""
    try:
        found = status()
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"no answer: {error or type(error).__name__}\n")
        return 1
    if found == http.HTTPStatus.OK or sys.argv[1:] == ["alive"]:
        return 0
    sys.stderr.write(f"/health says {found}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
