"""Making values of frozen dataclasses, where many are made."""

from dataclasses import field, fields, make_dataclass
from typing import Any, TypeVar, cast

Value = TypeVar("Value")


def quickly(kind: type[Value]) -> type[Value]:
    """
    Return what makes values of a frozen dataclass with slots as `kind` does, in half the time.

    A frozen class sets each field of a new value by way of the ban that it has on setting them.
    Its twin has no ban: the value is filled as one of the twin's, and then becomes one of `kind`.
    """

    def become(value: Any) -> None:
        value.__class__ = kind

    twin = make_dataclass(
        kind.__name__,
        [
            (
                each.name,
                each.type,
                field(default=each.default, default_factory=each.default_factory),
            )
            for each in fields(cast("Any", kind))
        ],
        namespace={"__post_init__": become},
        slots=True,
        kw_only=True,
        eq=False,
        repr=False,
    )
    return cast("type[Value]", twin)
