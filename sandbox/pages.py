"""Lists in pages, with GitHub's ``Link`` header."""

from collections.abc import Sequence

from sandbox.state import REPOSITORY_ID, State
from sandbox.wire import Call, Json, Reply

DEFAULT_SIZE = 30
LARGEST = 100


def listed(
    state: State,
    call: Call,
    values: Sequence[Json],
    *,
    key: str = "",
    sizes: tuple[int, int] = (DEFAULT_SIZE, LARGEST),
) -> Reply:
    """Return one page of *values*, wrapped under *key* with its total if given.

    A page of more than the largest size is cut (assumed). ``Link`` is numeric for
    repositories: ``/repositories/ID/...`` (PyGithub recordings, January 2026).
    """
    number, size = place(state, call, sizes)
    page = list(values[(number - 1) * size : number * size])
    last = max(1, -(-len(values) // size))
    body: Json = {"total_count": len(values), key: page} if key else page
    link = links(state, call, number, last, size)
    return Reply(json=body, headers={"Link": link} if link else {})


def place(state: State, call: Call, sizes: tuple[int, int]) -> tuple[int, int]:
    """Return the number and the size of the page that *call* asks for."""
    size = min(_number(call.query.get("per_page"), sizes[0]), sizes[1])
    if state.switches.page_size:
        size = min(size, state.switches.page_size)
    return _number(call.query.get("page"), 1), size


def links(state: State, call: Call, number: int, last: int, size: int) -> str:
    """Return the ``Link`` header of page *number* of *last*, empty for one page."""
    if last == 1:
        return ""
    wanted: dict[str, int] = {}
    if number < last:
        wanted |= {"next": number + 1, "last": last}
    if number > 1:
        wanted |= {"prev": number - 1, "first": 1}
    named = f"/repos/{state.identity.full_name}"
    path = call.path
    if path.lower().startswith(named.lower()):
        path = f"/repositories/{REPOSITORY_ID}{path[len(named) :]}"
    rest = "".join(
        f"&{name}={value}"
        for name, value in call.query.items()
        if name not in ("page", "per_page")
    )
    return ", ".join(
        f"<{state.identity.base}{path}?page={page}&per_page={size}{rest}>; "
        f'rel="{relation}"'
        for relation, page in wanted.items()
    )


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and int(text) > 0 else default
