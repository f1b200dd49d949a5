"""Which update is planned, with a template and a repository that are plain values."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from monokeel.ground.answers import Json
from monokeel.ground.errors import MonokeelError, RefusedError, UsageError
from monokeel.updates.merge import File, Merged, Render
from monokeel.updates.records import ANSWERS_FILE, Leftovers, Recorded
from monokeel.updates.update import UpdateChoice, plan_update
from monokeel.updates.verify import MANIFEST

HEAD = "d" * 40
SOURCE = "https://github.com/acme/monokeel.git"


@dataclass
class FakeTemplate:
    """Each version renders one file that holds it; *changes* are answers it alters."""

    commit: str = "v1.0.0"
    known: tuple[str, ...] = ("1.0.0", "1.1.0", "1.2.0")
    changes: dict[str, Json] = field(default_factory=dict)
    moved: str = ""

    def recorded(self) -> Recorded:
        return Recorded(source=SOURCE, commit=self.commit, answers={"reviews": 1})

    def address(self) -> str:
        return SOURCE

    def versions(self) -> tuple[str, ...]:
        return self.known

    def notes(self, current: str, version: str) -> str:
        return f"{current}..{version}"

    def compared(self, current: str, version: str) -> str:
        return f"{current} => {version}"

    def leftovers(self) -> Leftovers:
        return {}

    def questions(self, version: str) -> frozenset[str]:
        assert version
        return frozenset({"reviews"})

    def render(self, version: str, answers: Mapping[str, Json]) -> Render:
        files = {
            ANSWERS_FILE: File(content=f"{version} {answers}".encode()),
            "a.md": File(content=version.encode()),
        }
        return Render(
            ref=version, folder="/x", files=files, answers={**answers, **self.changes}
        )

    def seeds(self, version: str, paths: Collection[str]) -> frozenset[str]:
        return frozenset(path for path in paths if path == version)

    def renamed(self, old: Render, new: Render) -> dict[str, str]:
        assert old.folder == new.folder
        return {}


@dataclass
class FakeRepository:
    """A commit with the files of v1.0.0, and maybe a branch."""

    tree: dict[str, File] = field(
        default_factory=lambda: dict(
            FakeTemplate().render("v1.0.0", {"reviews": 1}).files
        )
    )
    blob: str = ""

    def head(self) -> str:
        return HEAD

    def listed(self, commit: str) -> dict[str, str]:
        assert commit == HEAD
        return dict.fromkeys(self.tree, self.blob)

    def files(self, commit: str, paths: Iterable[str]) -> dict[str, File]:
        assert commit == HEAD
        return {path: self.tree[path] for path in paths if path in self.tree}

    def commit(
        self, parent: str, changes: Mapping[str, File | None], message: str
    ) -> str:
        return f"{parent}{message}{len(changes)}"

    def branch(self, name: str) -> str | None:
        return None if name else HEAD

    def merge(self, team: bytes, old: bytes, new: bytes) -> Merged | None:
        return (team, (new.decode(),)) if old != new else None

    def is_part_of(self, commit: str, other: str) -> bool:
        return commit == other

    def is_ours(self, commit: str) -> bool:
        return commit != HEAD

    def same_files(self, commit: str, other: str) -> bool:
        return commit == other


@pytest.mark.parametrize(
    ("choice", "branch"),
    [
        pytest.param(UpdateChoice(), "template/v1.2.0", id="the newest"),
        pytest.param(UpdateChoice(version="1.1.0"), "template/v1.1.0", id="named"),
        pytest.param(UpdateChoice(version="v1.1.0"), "template/v1.1.0", id="as a tag"),
        pytest.param(
            UpdateChoice(answers={"reviews": 2}),
            "template/v1.0.0-answers",
            id="answers alone",
        ),
        pytest.param(
            UpdateChoice(version="1.1.0", answers={"reviews": 2}),
            "template/v1.1.0",
            id="both",
        ),
    ],
)
def test_the_version_is_the_newest_one_or_the_one_named(
    choice: UpdateChoice, branch: str
) -> None:
    plan = plan_update(FakeRepository(), FakeTemplate(), choice)

    assert plan is not None
    assert plan.branch == branch


def test_a_repository_that_is_there_needs_no_update() -> None:
    template = FakeTemplate(known=("1.0.0",))

    assert plan_update(FakeRepository(), template, UpdateChoice()) is None


@pytest.mark.parametrize(
    ("made", "there", "blob", "refused"),
    [
        ("1", "1", "1", False),
        ("1", "2", "1", True),
        ("1", "2", "3", False),  # a manifest that was edited: as an edit it is merged
        (None, "2", "1", False),
        ("1", None, "1", True),
    ],
)
def test_a_version_whose_tag_was_moved_is_no_base_of_an_update(
    made: str | None, there: str | None, blob: str, *, refused: bool
) -> None:
    def manifest(blob: str) -> File:
        text = json.dumps({"files": {"a.md": f"100644 {blob}"}}, indent=1)
        return File(content=text.encode())

    class Tagged(FakeTemplate):
        def render(self, version: str, answers: Mapping[str, Json]) -> Render:
            render = super().render(version, answers)
            listed = {MANIFEST: manifest(there)} if there else {}
            return replace(render, files={**render.files, **listed})

    repository = FakeRepository(blob=f"100644 {blob}")
    if made:
        repository.tree[MANIFEST] = manifest(made)

    if refused:
        with pytest.raises(RefusedError, match=r"v1\.0\.0 of .* its tag was moved"):
            plan_update(repository, Tagged(), UpdateChoice())
    else:
        assert plan_update(repository, Tagged(), UpdateChoice()) is not None


def test_a_template_without_releases_is_followed_by_its_commits() -> None:
    commit, newer = "0123abc", "89abcdef0123"
    followed = FakeTemplate(commit=commit, known=(commit, newer))
    current = FakeTemplate(commit=commit, known=(commit,))

    plan = plan_update(FakeRepository(), followed, UpdateChoice())

    assert plan is not None
    assert (plan.branch, plan.title) == (
        f"template/{newer}",
        f"chore(template): update to {newer}",
    )
    assert plan_update(FakeRepository(), current, UpdateChoice()) is None


def test_lost_answers_are_written_again_at_their_version() -> None:
    repository = FakeRepository()
    del repository.tree[ANSWERS_FILE]

    plan = plan_update(repository, FakeTemplate(), UpdateChoice(version="1.0.0"))

    assert plan is not None
    assert plan.changed.keys() == {ANSWERS_FILE}


@pytest.mark.parametrize(
    ("template", "choice", "error", "said"),
    [
        pytest.param(
            FakeTemplate(changes={"reviews": 3}),
            UpdateChoice(),
            RefusedError,
            "would change answers unasked: reviews",
            id="an answer becomes another one",
        ),
        pytest.param(
            FakeTemplate(),
            UpdateChoice(answers={"reviewz": 1}),
            UsageError,
            "no question 'reviewz'",
            id="no such question",
        ),
        pytest.param(
            FakeTemplate(),
            UpdateChoice(version="9.9.9"),
            UsageError,
            r"has no v9\.9\.9",
            id="no such version",
        ),
        pytest.param(
            FakeTemplate(known=("1.1.0",)),
            UpdateChoice(),
            RefusedError,
            r"has no v1\.0\.0 any more",
            id="the tag is gone",
        ),
        pytest.param(
            FakeTemplate(commit="v1.1.0"),
            UpdateChoice(version="1.0.0"),
            RefusedError,
            r"v1\.0\.0 is older than v1\.1\.0",
            id="older",
        ),
    ],
)
def test_what_cannot_be_updated_to_is_refused(
    template: FakeTemplate, choice: UpdateChoice, error: type[MonokeelError], said: str
) -> None:
    with pytest.raises(error, match=said):
        plan_update(FakeRepository(), template, choice)
