"""One answer of the stand-in, as it goes over the wire."""

import json
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Answer:
    """A status and a body: JSON, or text as it is. A status of None breaks the connection off."""

    status: int
    body: object
    headers: dict = field(default_factory=dict)

    def response(self):
        """Return it for aiohttp; the server calls its JSON application/json, without a charset."""
        headers = {"Access-Control-Allow-Origin": "*", **self.headers}
        if isinstance(self.body, str):
            raw = self.body.encode("utf-8", "surrogateescape")
        else:
            headers["Content-Type"] = "application/json"
            raw = _json(self.body)
        return web.Response(status=self.status, body=raw, headers=headers)


def _json(value):
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half a surrogate pair: the real server escapes that
        return json.dumps(value).encode()
