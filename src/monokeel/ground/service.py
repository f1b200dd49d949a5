"""One service of ``infra/platform.toml``: its image, and how that is built."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from monokeel.ground.toml import Fields, fail

KINDS = ("web", "api", "worker")
# One component of an image's path (OCI distribution-spec, "Pulling manifests").
_SERVICE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\Z")
_FOLDER = re.compile(r"[^\x00-\x1f\x7f]+\Z")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9]+)?\Z")
_ARGUMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One image that is built: *kind* is web, api or worker; *path* is relative.

    *context* is the folder that is built, *dockerfile* the file in the repository that
    says how, if it is not the context's own. *platforms* are such as ``linux/arm64``;
    *args* are build arguments.
    """

    name: str
    kind: str
    path: str
    context: str
    dockerfile: str = ""
    platforms: tuple[str, ...] = ()
    args: Mapping[str, str] = field(default_factory=dict)


def parse_service(table: Fields) -> Service:
    """Return the service that *table* describes; UsageError if it is none."""
    name = table.text("name", _SERVICE)
    path = _inside(table, "path", f"services/{name}")
    args = table.table("args")
    service = Service(
        name=name,
        kind=table.choice("kind", KINDS),
        path=path,
        context=_inside(table, "context", path),
        dockerfile=_inside(table, "dockerfile", "") if "dockerfile" in table else "",
        platforms=table.texts("platforms", _PLATFORM),
        args=args.all_texts(_ARGUMENT),
    )
    table.finish()
    return service


def _inside(table: Fields, key: str, default: str) -> str:
    """Return a path in the repository; ``.`` is all of it, for a context."""
    path = table.text(key, _FOLDER, default=default)
    parts = path.split("/")
    if path == "." and key == "context":
        return path
    if path.startswith("/") or {"..", ".", "", ".git"} & {*parts}:
        raise fail(f"{table.where}: {key} = {path!r} is not inside the repository")
    return path
