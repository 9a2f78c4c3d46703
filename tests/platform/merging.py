"""What a PATCH makes of what is stored."""

import copy
from typing import Any

from tests.platform.shapes import Map, fields_of, fitting


def deep_merged(stored, change):
    """Return `stored` with `change` in it: objects merge, all else replaces."""
    if not isinstance(stored, dict) or not isinstance(change, dict):
        return copy.deepcopy(change)
    merged = dict(stored)
    for key, value in change.items():
        merged[key] = deep_merged(stored.get(key), value)
    return merged


def patched(stored, change, shape, *, replaces_maps=False, discriminant=None):
    """
    Return what a PATCH with `change` leaves of `stored`, which is not touched.

    Absent keys stay, an explicit null sets null, lists and values are replaced, objects merge.
    Of a map with free keys (by the SDK's model `shape`) null removes an entry; `replaces_maps`
    puts the whole map in place of the old one. An object that may be one of several models
    (a header's value: a secret, a variable…) is replaced.
    """
    if not isinstance(stored, dict) or not isinstance(change, dict):
        return _without_nulls_of_maps(change, shape, discriminant)
    candidates = fitting(shape, change, discriminant)
    if len(candidates) > 1:
        return copy.deepcopy(change)
    if candidates and isinstance(candidates[0], Map):
        return _patched_map(stored, change, candidates[0], replaces_maps=replaces_maps)
    merged = dict(stored)
    for key, value in change.items():
        field = _fields(candidates).get(key)
        merged[key] = patched(
            stored.get(key),
            value,
            field.annotation if field else Any,
            replaces_maps=replaces_maps,
            discriminant=field and field.discriminant,
        )
    return merged


def _patched_map(stored, change, shape, *, replaces_maps):
    merged = {} if replaces_maps else dict(stored)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = patched(merged.get(key), value, shape.values, replaces_maps=replaces_maps)
    return merged


def _without_nulls_of_maps(value, shape, discriminant):
    if isinstance(value, dict):
        candidates = fitting(shape, value, discriminant)
        if len(candidates) == 1:
            return patched({}, value, candidates[0], discriminant=discriminant)
    return copy.deepcopy(value)


def _fields(candidates):
    if not candidates:
        return {}
    return candidates[0] if isinstance(candidates[0], dict) else fields_of(candidates[0])
