"""
Request bodies against the SDK's own models, which do not validate what they are given.

A key that is no field, a constant that is none of those named, a value of another type, a
required field that is missing: each is a 422. What stands in the stored object already is the
user's and may be sent back as it is.
"""

import typing
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from tests.platform.errors import Answer
from tests.platform.shapes import Map, alternatives, fields_of, fitting, literals

MISSING = object()
_REQUIRED = "Field required"


def check(body, shape, *, stored=MISSING, merges=True):
    """
    Raise the 422 that names what is wrong with this body.

    `shape` is a model, or fields as `shapes.body_of` returns them. `stored` is what stands
    there so far: its unknown keys may be in the body. If the body `merges` into it, its keys
    need not be in the body.
    """
    if not isinstance(body, dict):
        raise Answer(422, {"detail": [_worded((), "Input should be a valid dictionary")]})
    found = _problems(body, shape, stored, ())
    if not merges:
        found += [each for each in _problems(body, shape, MISSING, ()) if each[1] == _REQUIRED]
    if found:
        raise Answer(422, {"detail": [_worded(*problem) for problem in found]})


def _worded(path, message):
    return {"loc": ["body", *path], "msg": message, "type": "value_error"}


def _problems(value, annotation, stored, path, discriminant=None):
    if stored is not MISSING and _same(value, stored):
        return []
    if isinstance(value, dict):
        return _of_object(value, annotation, stored, path, discriminant)
    if isinstance(value, list):
        return _of_list(value, annotation, stored, path)
    return _of_scalar(value, annotation, path)


def _same(value, stored):
    return type(value) is type(stored) and value == stored


def _of_object(value, annotation, stored, path, discriminant):
    candidates = fitting(annotation, value, discriminant)
    if not candidates:
        if _takes_anything(annotation):
            return []
        return [(path, f"no object that may stand here: {value!r:.200}")]
    found = [_of_candidate(value, each, stored, path) for each in candidates]
    return min(found, key=len)


def _of_candidate(value, shape, stored, path):
    known = stored if isinstance(stored, dict) else {}
    if isinstance(shape, Map):
        return [
            problem
            for key, item in value.items()
            if item is not None or key not in known  # null takes an entry out of a map
            for problem in _problems(item, shape.values, known.get(key, MISSING), (*path, key))
        ]
    fields = shape if isinstance(shape, dict) else fields_of(shape)
    found = [
        ((*path, key), "Extra inputs are not permitted: no such field")
        for key in value
        if key not in fields and key not in known
    ]
    for key, field in fields.items():
        if key in value:
            found += _problems(
                value[key],
                field.annotation,
                known.get(key, MISSING),
                (*path, key),
                field.discriminant,
            )
        elif field.is_required and key not in known:
            found.append(((*path, key), _REQUIRED))
    return found


def _of_list(value, annotation, stored, path):
    item_types = [
        typing.get_args(each)[0]
        for each in alternatives(annotation)
        if _is_list(each) and typing.get_args(each)
    ]
    if not item_types:
        if _takes_anything(annotation):
            return []
        return [(path, "a list may not stand here")]
    known = stored if isinstance(stored, list) else []
    found = []
    for index, item in enumerate(value):
        if not any(_same(item, each) for each in known):
            found += _problems(item, item_types[0], MISSING, (*path, index))
    return found


def _is_list(annotation):
    origin = typing.get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Sequence | AbstractSet)


def _takes_anything(annotation):
    return Any in alternatives(annotation)


def _of_scalar(value, annotation, path):
    if isinstance(annotation, dict):
        return [(path, "Input should be a valid dictionary")]
    allowed = alternatives(annotation)
    constants = literals(annotation)
    if value is None:
        is_free = type(None) in allowed or (Any in allowed and not constants)
        return [] if is_free else [(path, "Input should not be null")]
    if constants and str not in allowed:
        # An open enumeration in the SDK (Literal or Any): the platform knows only these.
        named = ", ".join(map(str, constants[:12]))
        return [] if value in constants else [(path, f"Input should be one of {named}: {value}")]
    if Any in allowed or _type_fits(value, allowed):
        return []
    return [(path, f"Input should be another type than {type(value).__name__}")]


def _type_fits(value, allowed):
    match value:
        case bool():
            return bool in allowed
        case int():
            return int in allowed or float in allowed
        case float():
            return float in allowed or (int in allowed and value.is_integer())
    return str in allowed
