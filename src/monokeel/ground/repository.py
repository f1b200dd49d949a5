"""Which repository is meant: several things name one, and a write needs one."""

import re
from collections.abc import Mapping

from monokeel.ground.errors import RefusedError

_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git(?:\+ssh)?)://[^/]+/+"
    r"|(?:[\w.-]+@[\w.-]+|[\w-]+\.[\w.-]+):/*)"  # scp's way
    r"([^/]+/[^/?]+?)(?:\.git)?/*(?:\?.*)?\Z",
    re.IGNORECASE,
)


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
