"""What the SDK's own models say of a request body: its fields, its maps, its alternatives."""

import functools
import inspect
import types
import typing
from dataclasses import dataclass
from typing import Any

import elevenlabs.types as models
import pydantic
from elevenlabs.core.unchecked_base_model import UnionMetadata


@dataclass(frozen=True)
class Field:
    """A field of a body: what it may hold, if it must be there, which key tells a union apart."""

    annotation: Any
    is_required: bool = False
    discriminant: str | None = None


@dataclass(frozen=True)
class Map:
    """An object with free keys."""

    values: Any


# Fields whose annotation in the SDK is looser than its own model for them.
_CLOSER = {("AgentConfig", "dynamic_variables"): models.DynamicVariablesConfig | None}


def body_of(method, *, also=()):
    """Return the fields of the body that a method of the SDK's raw client sends."""
    hints = typing.get_type_hints(method, include_extras=True)
    fields = {}
    for name, parameter in inspect.signature(method).parameters.items():
        # What has the default None goes into the query, what has `...` into the body.
        is_body = parameter.default in (inspect.Parameter.empty, ...)
        if parameter.kind is parameter.KEYWORD_ONLY and is_body:
            fields[name] = Field(hints[name], is_required=parameter.default is not ...)
    return fields | {name: Field(Any) for name in also}


@functools.cache
def fields_of(model):
    """
    Return the fields of a model by the key they have in JSON.

    Where the SDK reads one model and writes another of nearly the same name (…Output, …Input),
    it takes both for either in a body, so the fields of both count.
    """
    fields = {}
    twin = None
    for mine, other in (("Output", "Input"), ("Input", "Output")):
        if model.__name__.endswith(mine):
            twin = getattr(models, model.__name__.removesuffix(mine) + other, None)
    for each in (twin, model) if twin else (model,):
        for name, info in each.model_fields.items():
            union = next((m for m in info.metadata if isinstance(m, UnionMetadata)), None)
            annotation = _CLOSER.get((each.__name__, name), info.annotation)
            fields[info.alias or name] = Field(
                annotation, info.is_required(), union and union.discriminant
            )
    return fields


def alternatives(annotation):
    """Return what a value may be, with unions and annotations taken apart."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return alternatives(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        found = [alternatives(each) for each in typing.get_args(annotation)]
        return [item for several in found for item in several]
    return [annotation]


def objects(annotation):
    """Return the objects that a value may be: models, `Map`s; and fields given as a dict."""
    if isinstance(annotation, dict | Map):
        return [annotation]
    found = []
    for each in alternatives(annotation):
        if typing.get_origin(each) is dict:
            found.append(Map(typing.get_args(each)[1]))
        elif inspect.isclass(each) and issubclass(each, pydantic.BaseModel):
            found.append(each)
    return found


def fitting(annotation, value, discriminant=None):
    """Return those of `objects` which `value` does not contradict by its constants."""
    return [
        each
        for each in objects(annotation)
        if isinstance(each, Map | dict) or _constants_fit(each, value, discriminant)
    ]


def _constants_fit(model, value, discriminant):
    for key, field in fields_of(model).items():
        allowed = literals(field.annotation)
        is_kind = key == (discriminant or "type")
        if is_kind and allowed and key in value and value[key] not in allowed:
            return False
        if key == discriminant and key not in value:
            return False
    return True


def literals(annotation):
    """Return the constants that a value may be, () if it is no constant."""
    found = []
    for each in alternatives(annotation):
        if typing.get_origin(each) is typing.Literal:
            found += typing.get_args(each)
    return tuple(found)
