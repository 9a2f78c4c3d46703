"""
Changing somebody else's JSON so that it can be put back: what is wanted, what was there before.

Pure: documents go in, documents come out. `None` and a missing key are the same to the platform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Json = dict[str, Any]
Path = tuple[str, ...]
# value: this and nothing else. off: not true. default: only where nothing stands yet.
# members: these items are in the list, whatever else is.
Kind = Literal["value", "off", "default", "members"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """
    What shall stand at `path`. `label` is what a person calls it.

    `key` names the entry by which an object is recognised as ours although more was added to it.
    """

    path: Path
    value: Any
    label: str
    kind: Kind = "value"
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """
    A want that was carried out: `was` stood at `path` before, `put` are the values since.

    So many components of the path as `depth` says led to objects that were there before.
    """

    path: Path
    label: str
    was: Any
    put: tuple[Any, ...]
    depth: int
    is_members: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference between a document and what it shall be."""

    path: Path
    label: str
    before: Any
    after: Any
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """
    What a document shall become.

    `edits` are to be recorded before it is changed, `edits_after` when it has been. `kept` are
    the labels of what was ours and was changed by hand since: it stays as it is.
    """

    desired: Json
    changes: tuple[Change, ...]
    edits: tuple[Edit, ...]
    edits_after: tuple[Edit, ...]
    in_place: tuple[str, ...]
    kept: tuple[str, ...]


def look_up(document: Any, path: Path) -> Any:
    """Return what stands at `path`; None where nothing does."""
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def same(one: Any, other: Any) -> bool:
    """Compare two values; in an object, an empty value is the same as none."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        pairs = [(one.get(key), other.get(key)) for key in {**one, **other}]
        return all((is_empty(a) and is_empty(b)) or same(a, b) for a, b in pairs)
    if isinstance(one, bool) or isinstance(other, bool):  # 1 is not true
        return one is other
    return bool(one == other)


def is_empty(value: Any) -> bool:
    """Tell whether a value says nothing: platforms fill such in for fields that are not set."""
    return value is None or value is False or value in ("", [], {})


def decide(document: Json, wants: Sequence[Want], edits: Sequence[Edit]) -> Decision:
    """
    Return what `document` shall become, by what is wanted and what `edits` recorded earlier.

    A recorded edit that nobody wants any more is put back, if it still is as we left it.
    """
    recorded = {edit.path: edit for edit in edits}
    noted, after = dict(recorded), dict(recorded)
    desired, changes, in_place, kept = document, [], [], []
    for want in wants:
        before, edit = look_up(document, want.path), recorded.get(want.path)
        value = _wanted(want, before, edit)
        if same(before, value):
            in_place.append(want.label)
            continue
        desired = placed(desired, want.path, value)
        changes.append(Change(path=want.path, label=want.label, before=before, after=value))
        noted[want.path] = after[want.path] = _noted(want, document, edit)
    wanted = {want.path for want in wants}
    unwanted = [edit for edit in edits if edit.path not in wanted]
    for edit in unwanted:
        del after[edit.path]
        before = look_up(document, edit.path)
        value, is_ours = _put_back(edit, before)
        if not is_ours:
            kept.append(edit.label)
        elif not same(before, value):
            desired = placed(desired, edit.path, value)
            change = Change(path=edit.path, label=edit.label, before=before, after=value,
                            is_withdrawn=True)  # fmt: skip
            changes.append(change)
    return Decision(
        desired=_without_shells(desired, unwanted),
        changes=tuple(changes),
        edits=tuple(noted.values()),
        edits_after=tuple(after.values()),
        in_place=tuple(in_place),
        kept=tuple(kept),
    )


def _wanted(want: Want, before: Any, edit: Edit | None) -> Any:
    match want.kind:
        case "value":
            return want.value
        case "off":
            return False if before else before
        case "default":
            is_ours = edit is not None and any(same(before, put) for put in edit.put)
            return want.value if before is None or is_ours else before
        case "members":
            there = before if isinstance(before, list) else []
            outdated = [] if edit is None else [put for put in edit.put if put not in want.value]
            kept = [item for item in there if item not in outdated]
            missing = [item for item in want.value if item not in kept]
            return [*kept, *missing] if missing or kept != there else before


def _noted(want: Want, document: Json, edit: Edit | None) -> Edit:
    """Return the edit to record: what was there first, and every value that we put there."""
    put = tuple(want.value) if want.kind == "members" else (want.value,)
    if edit is not None:
        return replace(edit, put=(*edit.put, *(value for value in put if value not in edit.put)))
    was = look_up(document, want.path)
    if want.kind == "members" and isinstance(was, list):
        put = tuple(item for item in put if item not in was)
    depth = 0
    while isinstance(look_up(document, want.path[:depth]), Mapping) and depth < len(want.path):
        depth += 1
    return Edit(
        path=want.path, label=want.label, was=was, put=put, depth=depth - 1,
        is_members=want.kind == "members", key=want.key,
    )  # fmt: skip


def _put_back(edit: Edit, before: Any) -> tuple[Any, bool]:
    """Return what shall stand there again, and whether it still is ours to put back."""
    if edit.is_members:
        there = before if isinstance(before, list) else []
        left = [item for item in there if item not in edit.put]
        return (left if left or isinstance(edit.was, list) else None), True
    if edit.key:
        ours = {look_up(put, (edit.key,)) for put in edit.put}
        is_ours = look_up(before, (edit.key,)) in ours
    else:
        is_ours = any(same(before, put) for put in edit.put)
    return edit.was, is_ours or same(before, edit.was)


def _without_shells(document: Json, edits: Sequence[Edit]) -> Json:
    """Remove the objects that were made around these edits and hold nothing any more."""
    for edit in edits:
        made = edit.path[: edit.depth + 1]
        if len(made) < len(edit.path) and _is_hollow(look_up(document, made)):
            document = placed(document, made, None)
    return document


def _is_hollow(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_hollow(item) for item in value.values())
    return value is None


def placed(document: Any, path: Path, value: Any) -> Json:
    """Return a copy with `value` at `path`; None takes the key away."""
    there = dict(document) if isinstance(document, Mapping) else {}
    name, rest = path[0], path[1:]
    if rest and (value is not None or name in there):
        there[name] = placed(there.get(name), rest, value)
    elif value is not None:
        there[name] = value
    else:
        there.pop(name, None)
    return there


def body_of(document: Json, desired: Json, units: Sequence[Path]) -> Json:
    """
    Return the PATCH that makes `desired` of `document`, as far as it is inside `units`.

    Each unit that changes is sent whole: whether the platform merges or replaces it, nothing of
    the user's is lost. One that shall not be there is sent as null.
    """
    body: Json = {}
    for unit in units:
        after = look_up(desired, unit)
        if not _identical(look_up(document, unit), after):
            body = _put(body, unit, after)
    return body


def body_with_nulls(document: Json, desired: Json, actual: Json, units: Sequence[Path]) -> Json:
    """
    Return the PATCH that is still needed where the platform merges; {} if none is.

    `actual` is what became of `document`. What was in it, shall not be any more and still is, is
    sent as null.
    """
    body: Json = {}
    for unit in units:
        before, after, now = (look_up(each, unit) for each in (document, desired, actual))
        if _has_leftovers(before, after, now):
            body = _put(body, unit, _with_nulls(before, after, now))
    return body


def _put(body: Json, path: Path, value: Any) -> Json:
    there = dict(body)
    name, rest = path[0], path[1:]
    there[name] = _put(there.get(name, {}), rest, value) if rest else value
    return there


def _identical(one: Any, other: Any) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return all(_identical(one.get(key), other.get(key)) for key in {**one, **other})
    return type(one) is type(other) and bool(one == other)


def _has_leftovers(before: Any, after: Any, now: Any) -> bool:
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return False
    if after is None:
        return not _is_hollow(now)
    if not isinstance(after, Mapping):
        return False
    return any(
        (now.get(key) is not None and after.get(key) is None)
        or _has_leftovers(value, after.get(key), now.get(key))
        for key, value in before.items()
        if value is not None
    )


def _with_nulls(before: Any, after: Any, now: Any) -> Any:
    if not (isinstance(before, Mapping) and isinstance(now, Mapping)):
        return after
    there = after if isinstance(after, Mapping) else {}
    gone = {key: None for key in before if there.get(key) is None and now.get(key) is not None}
    kept = {key: _with_nulls(before.get(key), value, now.get(key)) for key, value in there.items()}
    return {**kept, **gone}
