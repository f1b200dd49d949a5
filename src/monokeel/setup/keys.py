"""The deploy keys and the secrets of a repository, as GitHub lists them."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime

from monokeel.ground.answers import as_number, as_text
from monokeel.ground.errors import ServiceError
from monokeel.ground.words import parse_time
from monokeel.setup.ports import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployKey:
    """A deploy key as GitHub lists it; *key* is type and base64, without a comment."""

    id: int
    title: str
    key: str
    writes: bool
    enabled: bool
    created_at: datetime
    added_by: str = ""
    last_used: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """The fingerprint as ``ssh-keygen -l`` and GitHub's page write it."""
        return fingerprint(self.key)


def fingerprint(public_key: str) -> str:
    """Return ``SHA256:…`` as ssh-keygen(1) does, "" for what is no public key."""
    parts = public_key.split()
    try:
        blob = base64.b64decode(parts[1], validate=True)
    except (IndexError, ValueError):
        return ""
    digest = hashlib.sha256(blob).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def deploy_keys(repository: Repository) -> tuple[DeployKey, ...]:
    """Return the deploy keys."""
    return tuple(
        DeployKey(
            id=as_number(key.get("id")),
            title=as_text(key.get("title")),
            key=as_text(key.get("key")),
            writes=key.get("read_only") is not True,
            enabled=key.get("enabled") is not False,  # older servers leave it out
            created_at=parse_time(as_text(key.get("created_at"))),
            added_by=str(key.get("added_by") or ""),
            last_used=parse_time(as_text(used))
            if (used := key.get("last_used"))
            else None,
        )
        for key in repository.listed("/keys")
    )


def secrets_of(repository: Repository, path: str = "/actions") -> dict[str, datetime]:
    """Return name (upper case) → last change of the secrets of the repository."""
    return {
        as_text(each.get("name")): parse_time(as_text(each.get("updated_at")))
        for each in repository.listed(f"{path}/secrets", "secrets")
    }


def secrets_in(repository: Repository, environment: str) -> dict[str, datetime] | None:
    """Return the same of *environment*, ``None`` where that is not there."""
    try:
        return secrets_of(repository, f"/environments/{environment}")
    except ServiceError:
        if repository.environment(environment) is None:
            return None
        raise
