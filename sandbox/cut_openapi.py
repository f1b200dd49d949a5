"""Cut GitHub's OpenAPI description to the operations this project uses.

``python -m sandbox.cut_openapi`` fetches npm ``@octokit/openapi`` with ``npm pack``
(or reads the description given with ``--source``), keeps the operations named in
``openapi/operations.txt`` with everything they refer to, drops the prose, and writes
``openapi/github.json``: one path or component a line, so that a change can be read.
``--check`` writes nothing and exits 2 when the file would change.

The description is MIT licensed; its licence text is ``openapi/LICENSE``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.schemas import NAME_MAPS, VERBATIM, as_object
from sandbox.wire import Json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PACKAGE = "@octokit/openapi@23.0.2"
MEMBER = "package/generated/api.github.com.json"
# sha256 of that file, so that another release of the package is never taken unseen.
SHA256 = "829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a"

FOLDER = Path(__file__).parent / "openapi"
_METHODS = ("get", "put", "post", "patch", "delete")
_PROSE = frozenset(
    {
        "deprecated",
        "description",
        "example",
        "examples",
        "externalDocs",
        "servers",
        "summary",
        "tags",
        "title",
    }
)


class CutError(Exception):
    """The description is not the expected one, or lacks an operation."""


def prune(node: Json, *, names: bool = False) -> Json:
    """Return *node* without prose.

    Prose is dropped only where a key is a keyword: with *names* the keys of *node* are
    names (``title`` is a real property of a release), and all of them stay.
    ``x-multi-segment`` stays as well: it says that a path parameter takes raw slashes.
    """
    if isinstance(node, list):
        return [prune(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept: dict[str, Json] = {}
    for key, value in node.items():
        if names:
            kept[key] = prune(value)
        elif key in VERBATIM:
            kept[key] = value
        elif key == "x-multi-segment" or not (key in _PROSE or key.startswith("x-")):
            kept[key] = prune(value, names=key in NAME_MAPS)
    return kept


def read_operations(text: str) -> list[str]:
    """Return the operation ids of ``operations.txt``; ``#`` starts a comment."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def cut(source: Mapping[str, Json], wanted: list[str]) -> dict[str, Json]:
    """Return the part of *source* that the *wanted* operations need.

    ``x-documentation`` maps each operation to its page, which is the
    ``documentation_url`` of GitHub's error bodies. Raises CutError for an id that the
    description does not have.
    """
    paths: dict[str, Json] = {}
    documentation: dict[str, Json] = {}
    for path, method, operation in _operations(source):
        name = str(operation["operationId"])
        if name not in wanted:
            continue
        documentation[name] = as_object(operation["externalDocs"])["url"]
        item = as_object(paths.setdefault(path, {}))
        item[method] = _with_descriptions(as_object(prune(dict(operation))))
    unknown = sorted(set(wanted) - set(documentation))
    if unknown:
        raise CutError(f"the description has no operation {', '.join(unknown)}")
    return {
        "openapi": source["openapi"],
        "info": {"title": "GitHub REST API, cut", "version": "1"},
        "x-documentation": dict(sorted(documentation.items())),
        "paths": dict(sorted(paths.items())),
        "components": _closure(source, paths),
    }


def _operations(
    source: Mapping[str, Json],
) -> Iterator[tuple[str, str, dict[str, Json]]]:
    for path, item in as_object(source["paths"]).items():
        for method, operation in as_object(item).items():
            if method in _METHODS:
                yield path, method, as_object(operation)


def _with_descriptions(operation: dict[str, Json]) -> dict[str, Json]:
    """Give each response the empty description that OpenAPI 3.0 asks for."""
    for response in as_object(operation["responses"]).values():
        if "$ref" not in as_object(response):
            as_object(response)["description"] = ""
    return operation


def _closure(source: Mapping[str, Json], paths: dict[str, Json]) -> dict[str, Json]:
    """Return the pruned components that *paths* refer to, directly or not."""
    every = as_object(source["components"])
    components: dict[str, Json] = {}
    waiting = sorted(set(_references(paths)))
    while waiting:
        kind, name = waiting.pop().removeprefix("#/components/").split("/")
        family = as_object(components.setdefault(kind, {}))
        if name in family:
            continue
        component = as_object(prune(as_object(every[kind])[name]))
        if kind == "responses":
            component["description"] = ""
        family[name] = component
        waiting.extend(_references(component))
    return {
        kind: dict(sorted(as_object(family).items()))
        for kind, family in sorted(components.items())
    }


def _references(node: Json) -> Iterator[str]:
    if isinstance(node, dict):
        target = node.get("$ref")
        if isinstance(target, str):
            yield target
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)


def render(description: Mapping[str, Json]) -> str:
    """Return *description* as JSON with one path or component a line."""
    blocks = []
    for key, value in description.items():
        if key == "components":
            families = [
                f"{json.dumps(kind)}: {_one_a_line(as_object(family))}"
                for kind, family in as_object(value).items()
            ]
            blocks.append('"components": {\n' + ",\n".join(families) + "\n}")
        elif key in {"paths", "x-documentation"}:
            blocks.append(f"{json.dumps(key)}: {_one_a_line(as_object(value))}")
        else:
            blocks.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _one_a_line(members: Mapping[str, Json]) -> str:
    lines = [
        f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}"
        for name, value in members.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}"


def _fetch() -> bytes:
    """Return the description out of the npm package."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["npm", "pack", "--silent", PACKAGE],  # noqa: S607 - found on PATH
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            member = package.extractfile(MEMBER)
            if member is None:
                raise CutError(f"{PACKAGE} has no {MEMBER}")
            return member.read()


def main(arguments: list[str]) -> int:
    """Write ``openapi/github.json``, or say with ``--check`` whether it would change.

    Returns the exit code: 0 done or equal, 2 different.
    """
    parser = argparse.ArgumentParser(prog="python -m sandbox.cut_openapi")
    parser.add_argument("--source", type=Path, help="a downloaded api.github.com.json")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args(arguments)
    raw = options.source.read_bytes() if options.source else _fetch()
    digest = hashlib.sha256(raw).hexdigest()
    if digest != SHA256:
        raise CutError(f"sha256 of the description is {digest}, expected {SHA256}")
    origin: dict[str, Json] = {"package": PACKAGE, "file": MEMBER, "sha256": digest}
    wanted = read_operations((FOLDER / "operations.txt").read_text("utf-8"))
    text = render({"x-source": origin, **cut(json.loads(raw), wanted)})
    target = FOLDER / "github.json"
    if options.check:
        return 0 if target.read_text("utf-8") == text else 2
    target.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
