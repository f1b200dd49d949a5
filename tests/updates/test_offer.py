"""Template commands with fakes that keep state; updates of real trees are elsewhere."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import RefusedError, ServiceError
from monokeel.updates.edits import Kept, Recorded, Render
from monokeel.updates.offer import check, check_report, follow_up
from monokeel.updates.propose import already_proposed, propose, update_report
from monokeel.updates.update import Update, UpdatePlan, commit_message, require_settled

COMMIT = "a" * 40
BRANCH = "template/v1.3.0"
NOTHING = Render(folder="/old", files={}, answers={})
PLAN = UpdatePlan(
    source="https://github.com/acme/monokeel.git",
    current="1.2.0",
    version="1.3.0",
    branch=BRANCH,
    answers={},
    old=NOTHING,
    new=NOTHING,
    mine={},
    rejects=frozenset(),
)


def make_update(
    *,
    conflicts: tuple[str, ...] = (),
    settled: tuple[str, ...] = (),
    kept: tuple[Kept, ...] = (),
    commit: str | None = COMMIT,
) -> Update:
    return Update(
        plan=PLAN,
        changed=("inv",),
        conflicts=conflicts,
        settled=settled,
        kept=kept,
        commit=commit,
    )


@dataclass
class FakeVersions:
    commit: str = "v1.2.0"
    tags: tuple[str, ...] = ("v1.2.0", "v1.10.0", "v1.9.0")

    def recorded(self) -> Recorded:
        return Recorded(source=self.address(), commit=self.commit, answers={})

    def address(self) -> str:
        return "https://github.com/acme/monokeel.git"

    def versions(self) -> tuple[str, ...]:
        return self.tags


@dataclass
class FakeIssues:
    opened: dict[str, tuple[str, str]] = field(default_factory=dict)

    def keep_open(self, marker: str, *, title: str, body: str) -> int:
        self.opened[marker] = (title, body)
        return 5

    def close(self, marker: str, *, comment: str) -> int | None:
        assert comment
        return 5 if self.opened.pop(marker, None) else None


@dataclass
class FakeRemote:
    refs: dict[str, str] = field(default_factory=dict)
    declines: str = ""

    def remote_refs(self, prefixes: Collection[str]) -> dict[str, str]:
        return {r: c for r, c in self.refs.items() if r.startswith(tuple(prefixes))}

    def move_ref(
        self, ref: str, *, old: str | None, new: str | None
    ) -> Moved | Lost | Declined:
        if self.declines:
            return Declined(reason=self.declines)
        if self.refs.get(ref) != old or new is None:
            return Lost(now=self.refs.get(ref))
        self.refs[ref] = new
        return Moved(now=new, changed=True)


@dataclass
class FakePulls:
    opened: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)
    declines: str = ""

    def open_from(self, prefix: str) -> Mapping[str, int]:
        return {b: n for b, n in self.opened.items() if b.startswith(prefix)}

    def create(self, branch: str, *, title: str, body: str) -> int | Declined:
        if self.declines:
            return Declined(reason=self.declines)
        self.opened[branch] = 10 + len(self.opened)
        self.bodies[branch] = f"{title}\n{body}"
        return self.opened[branch]

    def close(self, number: int, *, comment: str) -> None:
        assert comment
        self.opened = {b: n for b, n in self.opened.items() if n != number}


# Is there a newer one?


@pytest.mark.parametrize(
    ("commit", "available"), [("v1.2.0", True), ("v1.10.0", False), ("v2.0.0", False)]
)
def test_the_newest_version_is_found_by_its_number(
    commit: str, *, available: bool
) -> None:
    standing = check(FakeVersions(commit=commit))

    assert (standing.latest, standing.available) == ("1.10.0", available)
    verdict = "available" if available else "current"
    assert check_report(standing).data["verdict"] == verdict


@pytest.mark.parametrize("commit", ["v1", "1.2.0", "v1.2.0-1-gabcdef0", "main"])
def test_a_repository_made_from_no_release_is_refused(commit: str) -> None:
    with pytest.raises(RefusedError, match="which is no release"):
        check(FakeVersions(commit=commit))


def test_a_template_without_versions_is_no_answer() -> None:
    with pytest.raises(ServiceError, match="no version tag"):
        check(FakeVersions(tags=()))


def test_one_issue_is_open_while_an_update_is_there_and_closed_after() -> None:
    issues = FakeIssues()

    first = follow_up(check(FakeVersions()), issues)
    opened = dict(issues.opened)
    second = follow_up(check(FakeVersions(commit="v1.10.0")), issues)

    assert first == "issue #5 is open"
    assert [title for title, _ in opened.values()] == [
        "Template update available: v1.10.0"
    ]
    assert second == "issue #5 is closed"
    assert issues.opened == {}


# Propose an update


def test_an_update_becomes_one_pull_request() -> None:
    remote, pulls, issues = FakeRemote(), FakePulls(), FakeIssues()
    kept = Kept(path="docs/a.md", reason="renamed", renamed_to="docs/b.md")
    update = make_update(kept=(kept,), settled=("inv",))

    said = propose(update, remote, pulls, issues)

    assert said == "pull request #10 is open"
    assert remote.refs == {f"refs/heads/{BRANCH}": COMMIT}
    assert "`docs/a.md`: renamed; now at `docs/b.md`" in pulls.bodies[BRANCH]
    assert "- `inv`" in pulls.bodies[BRANCH]


def test_pull_requests_for_older_versions_are_closed() -> None:
    pulls = FakePulls(opened={"template/v1.2.5": 3, "feat/template": 4})

    propose(make_update(), FakeRemote(), pulls, FakeIssues())

    assert pulls.opened == {"feat/template": 4, BRANCH: 12}


def test_an_open_pull_request_is_found_again() -> None:
    assert already_proposed(PLAN, FakePulls(opened={BRANCH: 3})) == 3
    assert already_proposed(PLAN, FakePulls()) is None


def test_a_branch_that_is_there_already_is_not_pushed_over() -> None:
    remote = FakeRemote(refs={f"refs/heads/{BRANCH}": "b" * 40})
    pulls = FakePulls()

    propose(make_update(), remote, pulls, FakeIssues())

    assert remote.refs == {f"refs/heads/{BRANCH}": "b" * 40}
    assert BRANCH in pulls.opened


@pytest.mark.parametrize(
    ("remote", "pulls"),
    [
        pytest.param(FakeRemote(declines="no workflows right"), FakePulls(), id="push"),
        pytest.param(FakeRemote(), FakePulls(declines="not permitted"), id="pull"),
    ],
)
def test_where_no_pull_request_is_allowed_one_issue_says_so(
    remote: FakeRemote, pulls: FakePulls
) -> None:
    issues = FakeIssues()

    said = propose(make_update(), remote, pulls, issues)

    assert said.startswith("issue #5 is open")
    [(title, body)] = issues.opened.values()
    assert title == "Template update available: v1.3.0"
    assert (remote.declines or pulls.declines) in body
    assert pulls.opened == {}


def test_a_pull_request_closes_the_issue() -> None:
    issues = FakeIssues(opened={"template-update": ("", "")})

    propose(make_update(), FakeRemote(), FakePulls(), issues)

    assert issues.opened == {}


# What an update says


def test_conflicts_refuse_until_they_are_settled() -> None:
    update = make_update(conflicts=("inv",), commit=None)

    with pytest.raises(RefusedError, match=r"conflicts on .*: 1"):
        require_settled(update)
    assert update_report(update).data["verdict"] == "conflicts"
    require_settled(make_update())


def test_the_commit_says_what_was_kept() -> None:
    kept = Kept(path="docs/a.md", reason="the template deleted or renamed it")

    message = commit_message(make_update(kept=(kept,)))

    assert message == (
        "chore(template): update to v1.3.0\n\n"
        "Kept docs/a.md: the template deleted or renamed it.\n"
    )
