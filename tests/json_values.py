"""Hypothesis strategies for JSON that no platform would send, and for nearly right payloads."""

import copy
from typing import Any

from hypothesis import strategies as st

# Lone surrogates and NUL too: JSON can spell them, and Python's reader lets them through.
any_text = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["\ud800", "\0", "{{x}}", "+15550100142", "anonymous", "user", "1e999", "9" * 400, "/../"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**20, max_value=10**40)
    | st.floats()
    | any_text
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every field and item below `value`."""
    found = []
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, item in items:
        found += [(*path, key), *places(item, (*path, key))]
    return found


@st.composite
def mutated(draw: st.DrawFn, payload: dict[str, Any]) -> dict[str, Any]:
    """`payload` with up to four fields replaced by anything, or left out."""
    changed = copy.deepcopy(payload)
    for _ in range(draw(st.integers(min_value=1, max_value=4))):
        *parents, last = draw(st.sampled_from(places(changed)))
        parent: Any = changed
        for key in parents:
            parent = parent[key]
        if draw(st.booleans()):
            parent[last] = draw(json_values)
        else:
            del parent[last]
        if not changed:
            break
    return changed
