"""What descriptions are put together from."""

from collections.abc import Mapping
from typing import Any

Description = dict[str, Any]

TEXT: Description = {"type": "string"}
TEXT_OR_NULL: Description = {"type": ["string", "null"]}
COUNT: Description = {"type": "integer", "minimum": 0}
FLAG: Description = {"type": "boolean"}
MOMENT: Description = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Description = {"type": ["string", "null"], "format": "date-time"}
ANYTHING: Description = {}

_FOR_THE_OWNER = {
    401: "The header Authorization does not hold Bearer and the value of ADMIN_KEY.",
    404: "There is no such thing. Without ADMIN_KEY this is the answer to every request.",
    429: "Too many requests, or too many wrong keys, came from this address; Retry-After says when "
    "to come again.",
}


def ref(name: str) -> Description:
    """Return a reference to a schema among the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def listed(schema: Description) -> Description:
    """Return the schema of an array."""
    return {"type": "array", "items": schema}


def record(
    members: Mapping[str, Description], *, optional: Mapping[str, Description]
) -> Description:
    """Return the schema of an object with exactly these members; only `optional` may be missing."""
    return {
        "type": "object",
        "properties": {**members, **optional},
        "required": list(members),
        "additionalProperties": False,
    }


def said(description: str, schema: Description, *, type_: str = "application/json") -> Description:
    """Return a response with a body."""
    return {"description": description, "content": {type_: {"schema": schema}}}


def errors(whys: Mapping[int, str]) -> dict[str, Description]:
    """Return responses in the shape of errors, by status."""
    return {str(status): said(why, ref("Error")) for status, why in whys.items()}


def owner_errors(whys: Mapping[int, str]) -> dict[str, Description]:
    """Return the errors of an endpoint for the owner alone: with those that all of them have."""
    return errors({**_FOR_THE_OWNER, **whys})


def in_query(name: str, description: str, schema: Description) -> Description:
    """Return an optional parameter of the query."""
    return {"name": name, "in": "query", "description": description, "schema": schema}


def in_path(name: str, description: str, schema: Description) -> Description:
    """Return a parameter of the path."""
    return {
        "name": name, "in": "path", "required": True, "description": description,
        "schema": schema,
    }  # fmt: skip


def body(schema: Description, *, required: bool) -> Description:
    """Return a JSON body."""
    return {"required": required, "content": {"application/json": {"schema": schema}}}
