"""A repository's settings and its issues in memory."""

from datetime import UTC, datetime

from monokeel.ground.answers import Json, Unknown
from monokeel.ground.errors import ServiceError
from monokeel.setup.ports import DeployKey


class FakeRepository:
    """What a token sees: with *weak*, nothing of the administration."""

    def __init__(self) -> None:
        self.weak = False
        self.silent = False
        self.deletes_merged = False
        self.immutable = True
        self.newest_locked = False
        self.keys: list[str] = ["monokeel"]
        self.classic = False

    def get_repository(self) -> dict[str, Json]:
        self._check()
        seen: dict[str, Json] = {"name": "shop"}
        return (
            seen
            if self.weak
            else {**seen, "delete_branch_on_merge": self.deletes_merged}
        )

    def deploy_keys(self) -> tuple[DeployKey, ...] | Unknown:
        return self._hidden() or tuple(
            DeployKey(
                id=number,
                title=title,
                key=f"ssh-ed25519 {title}",
                writes=True,
                enabled=True,
                created_at=datetime(2026, 1, 1, tzinfo=UTC),
            )
            for number, title in enumerate(self.keys)
        )

    def immutable_releases(self) -> bool | Unknown:
        return self._hidden() or self.immutable

    def newest_release_is_immutable(self) -> bool:
        return self.newest_locked

    def classic_protection(self, branch: str) -> bool | Unknown:
        return self._hidden() or (self.classic and branch == "main")

    def _hidden(self) -> Unknown | None:
        self._check()
        return Unknown(reason="GitHub answered 403") if self.weak else None

    def _check(self) -> None:
        if self.silent:
            raise ServiceError("GitHub answered 502 to GET /repos/acme/shop")


class FakeIssues:
    """Open issues by marker."""

    def __init__(self) -> None:
        self.open: dict[str, str] = {}

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        self.open[marker] = f"{title}\n{body}"
        return 1

    def close(self, marker: str, *, comment: str) -> int | None:
        assert comment
        return 1 if self.open.pop(marker, None) is not None else None
