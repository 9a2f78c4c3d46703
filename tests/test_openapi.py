"""The description of the API: whole, valid, and of exactly the endpoints that there are."""

import jsonschema_rs
import pytest

from receiver.endpoints import OPEN, OWNED
from receiver.openapi.document import describe
from tests.receiving import receiving

KEY = "the-admin-key"
ADMIN = {"Authorization": f"Bearer {KEY}"}
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
ENDPOINTS = {**OPEN, **OWNED}


def described():
    """Return the methods of each path that the description has."""
    return {
        path: {method.upper() for method in item if method in METHODS}
        for path, item in describe()["paths"].items()
    }


def every(value, name):
    """Yield what stands under `name`, wherever that is."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                yield item
            yield from every(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from every(item, name)


def test_every_endpoint_is_described_and_nothing_else():
    assert described() == {path: set(methods) for path, methods in ENDPOINTS.items()}


async def test_the_router_has_those_endpoints_and_nothing_else(tmp_path):
    async with receiving(tmp_path, admin_key=KEY) as running:
        assert running.port
        from receiver.app import build_app

        router = build_app(running.receiver).router
    assert {resource.canonical for resource in router.resources()} == set(ENDPOINTS)


def test_every_reference_leads_somewhere_and_every_schema_is_used():
    document = describe()
    schemas = document["components"]["schemas"]
    used = {each.removeprefix("#/components/schemas/") for each in every(document, "$ref")}
    assert used == set(schemas)
    for schema in schemas.values():
        jsonschema_rs.meta.validate(schema)
    named = {name for each in every(document, "security") for way in each for name in way}
    assert named == set(document["components"]["securitySchemes"])


def test_every_operation_has_an_id_of_its_own_and_says_what_it_does():
    operations = [
        operation
        for item in describe()["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    for operation in operations:
        assert operation["summary"]
        assert operation["tags"]
        for status, response in operation["responses"].items():
            assert response["description"], (operation["operationId"], status)


def test_every_parameter_of_a_path_is_described():
    for path, item in describe()["paths"].items():
        wanted = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for method in METHODS & item.keys():
            parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
            found = {each["name"] for each in parameters if each["in"] == "path"}
            assert found == wanted, (method, path)


def concrete(path):
    """Return a path that the endpoint answers, with some text in place of each parameter."""
    return "/".join("x" if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize("path", sorted(ENDPOINTS))
async def test_a_method_that_is_not_described_is_refused_with_those_that_are(tmp_path, path):
    async with receiving(tmp_path, admin_key=KEY) as running:
        for method in sorted(METHODS - {"head"}):
            response = await running.client.request(method, concrete(path), headers=ADMIN)
            response.close()  # of one that goes on for ever the head is enough
            if method.upper() in described()[path]:
                assert response.status != 405
            else:
                assert response.status == 405
                allowed = set(response.headers["Allow"].split(",")) - {"HEAD"}
                assert allowed == described()[path]


@pytest.mark.parametrize("path", sorted(OWNED))
async def test_without_an_admin_key_there_is_nothing_and_a_wrong_one_opens_nothing(tmp_path, path):
    async with receiving(tmp_path) as running:
        unknown = await (await running.client.get("/nothing/here", headers=ADMIN)).json()
        for method in ("GET", "POST", "PUT", "DELETE"):
            response = await running.client.request(method, concrete(path), headers=ADMIN)
            assert response.status == 404
            assert await response.json() == unknown
            assert "Allow" not in response.headers
    async with receiving(tmp_path / "other", admin_key=KEY) as running:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": KEY}):
            for method in ("GET", "PUT", "DELETE"):
                response = await running.client.request(method, concrete(path), headers=headers)
                assert response.status == 401
                assert response.headers["WWW-Authenticate"] == "Bearer"
                assert (await response.json())["error"]["code"] == "unauthorized"


async def test_the_description_is_served_to_the_owner(tmp_path):
    async with receiving(tmp_path, admin_key=KEY) as running:
        response = await running.client.get("/openapi.json", headers=ADMIN)
        assert response.content_type == "application/json"
        assert await response.json() == describe()
