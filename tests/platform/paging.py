"""Pages with cursors, as the platform's lists have them."""

import base64
import json

from tests.platform.errors import detail, invalid


def page(items, asked, *, key, default, maximum=100, epoch=0, descending=False):
    """
    Return (the items of the page that was asked for, the cursor of the next one or None).

    `key` orders the items and is unique, so what is added meanwhile moves nothing. A cursor is
    good for the same filters and the same `epoch` only; another one is a 400.
    """
    size = whole(asked, "page_size", default)
    if not 1 <= size <= maximum:
        raise invalid(f"Input should be between 1 and {maximum}", "page_size")
    filters = {
        name: values for name, values in asked.query.items() if name not in ("cursor", "page_size")
    }
    ordered = sorted(items, key=key, reverse=descending)
    if "cursor" in asked.query:
        after = _decoded(asked.query["cursor"][0], filters, epoch)
        is_later = (
            (lambda each: key(each) < after) if descending else lambda each: key(each) > after
        )
        ordered = [item for item in ordered if is_later(item)]
    shown = ordered[:size]
    has_more = len(ordered) > size
    return shown, _encoded(key(shown[-1]), filters, epoch) if has_more else None


def whole(asked, name, default):
    """Return an integer of the query; a 422 if it is none."""
    text = asked.query.get(name, [None])[0]
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise invalid("Input should be a valid integer", name) from None


def first(asked, name):
    """Return a text of the query, or None."""
    return asked.query.get(name, [None])[0]


def is_set(asked, name):
    """True if the switch is on in the query."""
    return (first(asked, name) or "").casefold() in ("true", "1")


def _encoded(last, filters, epoch):
    return base64.urlsafe_b64encode(json.dumps([epoch, filters, list(last)]).encode()).decode()


def _decoded(cursor, filters, epoch):
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        of_epoch, of_filters, last = found
    except (ValueError, TypeError):
        raise detail(400, "invalid_cursor", "The cursor is not valid.") from None
    if of_epoch != epoch or of_filters != filters:
        raise detail(400, "invalid_cursor", "The cursor is not valid for this request.")
    return tuple(last)
