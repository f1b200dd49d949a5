"""Which names images and refs may have, and which repository several things name."""

import re
from collections.abc import Iterable, Mapping

from monokeel.ground.errors import RefusedError
from monokeel.ground.toml import fail

_LONGEST = 255  # with the host, as many registries have it
# OCI distribution-spec, "Pulling manifests".
_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+|/)[a-z0-9]+)*\Z")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_TWO_PARTS = {"docker.io", "index.docker.io", "registry-1.docker.io"}
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|\Z)|[/.]\Z")
_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git(?:\+ssh)?)://[^/]+/+"
    r"|(?:[\w.-]+@[\w.-]+|[\w-]+\.[\w.-]+):/*)"  # scp's way
    r"([^/]+/[^/?]+?)(?:\.git)?/*(?:\?.*)?\Z",
    re.IGNORECASE,
)


def is_image(name: str) -> bool:
    """Say whether *name* (``acme/shop/api``, no host, no tag) can be an image's."""
    return _NAME.match(name) is not None


def is_digest(text: str) -> bool:
    """Say whether *text* is ``sha256:`` and 64 hex digits; whoever pushes may lie."""
    return _DIGEST.match(text) is not None


def check_names(host: str, names: Iterable[str]) -> None:
    """Raise UsageError for one of *names* that no image at *host* can have."""
    for name in names:
        if not is_image(name) or len(f"{host}/{name}") > _LONGEST:
            fix = "Write parts of letters and digits, each with single . _ - between,"
            fix += ' such as "my-project/shop/{service}".'
            named = f"[registry] images: {name[:_LONGEST]!r}"
            raise fail(f"{named} cannot be an image's name", fix=fix)
        if host in _TWO_PARTS and name.count("/") != 1:
            two = f"[registry] host = {host!r} holds names of two parts, and images"
            fix = 'Set images = "{owner}/{repository}-{service}".'
            raise fail(f"{two} makes {name!r}", fix=fix)


def is_ref(ref: str) -> bool:
    """Say whether git can hold *ref* (git-check-ref-format)."""
    return _NO_REF.search(ref) is None


def repository_of(address: str | None) -> str | None:
    """Return the ``owner/name`` that *address* of a remote ends in, if it names one."""
    match = _REMOTE.match(address or "")
    return match[1] if match else None


def require_one_repository(named: Mapping[str, str | None]) -> None:
    """Raise RefusedError unless all of *named* (who → ``owner/name``, if any) agree."""
    names = {source: name for source, name in named.items() if name}
    if len({name.lower() for name in names.values()}) > 1:
        said = ", ".join(f"{source} says {name}" for source, name in names.items())
        raise RefusedError(
            f"it is not clear which repository is meant: {said}",
            fix="Correct the wrong one: git remote set-url origin …, [repository] in"
            " infra/platform.toml, or unset GITHUB_REPOSITORY; policy.apply and"
            " policy.rollback take --repository OWNER/NAME. Nothing was written.",
        )
