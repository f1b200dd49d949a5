"""Labels of the repository: those it starts with, and those that issues bring."""

from dataclasses import dataclass

from sandbox import shapes
from sandbox.pages import listed
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import (
    Call,
    Json,
    JsonObject,
    Reply,
    created,
    invalid,
    not_found,
    text_of,
)

# What a new repository has (docs "Managing labels", default labels).
_FIRST = {
    "bug": ("d73a4a", "Something isn't working"),
    "documentation": ("0075ca", "Improvements or additions to documentation"),
    "duplicate": ("cfd3d7", "This issue or pull request already exists"),
    "enhancement": ("a2eeef", "New feature or request"),
    "good first issue": ("7057ff", "Good for newcomers"),
    "help wanted": ("008672", "Extra attention is needed"),
    "invalid": ("e4e669", "This doesn't seem right"),
    "question": ("d876e3", "Further information is requested"),
    "wontfix": ("ffffff", "This will not be worked on"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label; *color* is six hex digits."""

    name: str
    color: str = "ededed"
    description: str = ""
    default: bool = False


def find_label(state: State, name: str) -> Label:
    """Return the label *name*, plain if only an issue knows it."""
    if name in state.labels:
        color, text = state.labels[name]
        return Label(name=name, color=color, description=text)
    if name in _FIRST:
        color, text = _FIRST[name]
        return Label(name=name, color=color, description=text, default=True)
    return Label(name=name)


def every_label(state: State) -> list[Label]:
    """Return the labels of the repository by name; an issue's label is one (docs)."""
    used = {name for issue in state.issues for name in issue.labels}
    return [find_label(state, name) for name in sorted({*_FIRST, *state.labels, *used})]


def label_shape(state: State, name: str) -> JsonObject:
    """Return the label *name*."""
    label = find_label(state, name)
    return {
        "id": sum(name.encode()),
        "node_id": shapes.node_id("Label", name),
        "url": f"{state.identity.api}/labels/{name}",
        "name": name,
        "description": label.description,
        "color": label.color,
        "default": label.default,
    }


@route("GET", "/R/labels", "issues:read")
def list_labels(state: State, call: Call) -> Reply:
    """List the labels by name."""
    shown: list[Json] = [label_shape(state, one.name) for one in every_label(state)]
    return listed(state, call, shown)


@route("GET", "/R/labels/{name}", "issues:read")
def get_label(state: State, call: Call) -> Reply:
    """Return one label."""
    name = call.args["name"]
    if name not in {label.name for label in every_label(state)}:
        raise not_found()
    return Reply(json=label_shape(state, name))


@route("POST", "/R/labels", "issues:write")
def create_label(state: State, call: Call) -> Reply:
    """Make a label; its name is taken once, whatever the case of its letters."""
    body = call.json()
    name = text_of(body, "name")
    if name.lower() in {label.name.lower() for label in every_label(state)}:
        error = {"resource": "Label", "code": "already_exists", "field": "name"}
        raise invalid({**error})
    color = text_of(body, "color", "ededed").removeprefix("#")
    state.labels[name] = (color, text_of(body, "description"))
    return created(label_shape(state, name), located=True)
