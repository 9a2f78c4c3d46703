"""Endpoints for the owner alone: behind ADMIN_KEY, and not there at all while that is not set."""

from collections.abc import Mapping

from aiohttp import web

from receiver.access import is_admin
from receiver.context import RECEIVER
from receiver.errors import Handler, error_response


def for_the_owner(by_method: Mapping[str, Handler]) -> Handler:
    """
    Return what answers every method on one path: route all of them to it.

    Without ADMIN_KEY that is a 404 whatever the method, so that not even a 405 tells that there
    is something; without the right key a 401. HEAD is answered as GET is.
    """
    handlers = dict(by_method)
    if "GET" in handlers:
        handlers["HEAD"] = handlers["GET"]

    async def guarded(request: web.Request) -> web.StreamResponse:
        admin_key = request.app[RECEIVER].options.admin_key
        if not admin_key:
            raise web.HTTPNotFound
        if not is_admin(request, admin_key):
            return _unauthorized()
        handler = handlers.get(request.method)
        if handler is None:
            raise web.HTTPMethodNotAllowed(request.method, sorted(handlers))
        return await handler(request)

    return guarded


def _unauthorized() -> web.Response:
    message = "The header Authorization must hold Bearer and ADMIN_KEY's value."
    response = error_response(401, "unauthorized", message)
    response.headers["WWW-Authenticate"] = "Bearer"
    return response
