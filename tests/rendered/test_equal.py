"""What stands here and in template/ is equal: the template governs itself."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from monokeel.ground.answers import as_list, as_object
from monokeel.ground.settings import parse_settings
from tests.rendered.renders import ROOT, TEMPLATE, Render, git, tracked

BOTH = [
    "inv",
    *(f"scripts/{name}.sh" for name in ("apply-rulesets", "update-template")),
    *(
        f".github/workflows/{path.name}"
        for path in sorted((TEMPLATE / ".github/workflows").glob("*.yml"))
    ),
]


@pytest.mark.parametrize("name", BOTH)
def test_a_file_in_both_places_is_equal_and_no_link(name: str) -> None:
    here, there = ROOT / name, TEMPLATE / name

    assert here.read_bytes() == there.read_bytes()
    assert here.stat().st_mode == there.stat().st_mode
    assert not here.is_symlink()
    assert not there.is_symlink()


def test_our_rules_are_those_of_a_new_repository_and_our_own_check(
    render: Render,
) -> None:
    ours = (ROOT / "infra/rulesets.json").read_text(encoding="utf-8")
    theirs = (render({}) / "infra/rulesets.json").read_text(encoding="utf-8")
    own = {"context": "template-green", "integration_id": 15368}

    rulesets = json.loads(ours)
    for rule in rulesets[0]["rules"]:
        if rule["type"] == "required_status_checks":
            rule["parameters"]["required_status_checks"].remove(own)

    assert rulesets == json.loads(theirs)


def test_our_own_settings_are_valid_and_name_no_service() -> None:
    text = (ROOT / "infra/platform.toml").read_text(encoding="utf-8")

    assert parse_settings(text).services == ()


@pytest.mark.parametrize("name", ["apply-rulesets.sh", "update-template.sh"])
def test_a_script_is_short_and_decides_nothing(name: str) -> None:
    text = (TEMPLATE / "scripts" / name).read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 15
    assert re.findall(r"\b(?:curl|jq|gh|for|while|until)\b", code_of(text)) == []


@pytest.mark.parametrize(
    ("given", "passed_on"),
    [
        ([], ["template.update"]),
        (["foo"], ["template.update", "--source", "foo"]),
        (["a/b", "--pr"], ["template.update", "--source", "a/b", "--pr"]),
        (["--to", "1.4.0"], ["template.update", "--to", "1.4.0"]),
        (["a b", "*"], ["template.update", "--source", "a b", "*"]),
    ],
    ids=str,
)
def test_the_argument_of_the_update_is_the_source(
    tmp_path: Path, given: list[str], passed_on: list[str]
) -> None:
    """D18: whatever it is, the task looks at it."""
    (tmp_path / "scripts").mkdir()
    script = tmp_path / "scripts/update-template.sh"
    script.write_bytes((TEMPLATE / "scripts/update-template.sh").read_bytes())
    (tmp_path / "inv").write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    (tmp_path / "inv").chmod(0o755)

    done = subprocess.run(
        ["/bin/sh", script, *given], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == passed_on


def code_of(script: str) -> str:
    lines = script.splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def test_no_link_is_delivered() -> None:
    assert [name for name in tracked("template") if (ROOT / name).is_symlink()] == []


def test_the_version_stands_in_one_file() -> None:
    version = (ROOT / "TEMPLATE_VERSION").read_text(encoding="utf-8")

    assert re.fullmatch(r"\d+\.\d+\.\d+\n", version)
    assert not (TEMPLATE / "TEMPLATE_VERSION").exists()


def test_the_rules_of_a_new_repository_parse(render: Render) -> None:
    text = (render({}) / "infra/rulesets.json").read_text(encoding="utf-8")

    names = [as_object(each)["name"] for each in as_list(json.loads(text))]

    assert names == [
        "main",
        "branch-names",
        "branch-prefixes",
        "env-pointers",
        "release-claims",
        "release-tags-create",
        "release-tags-immutable",
    ]


def test_the_version_is_not_older_than_the_newest_tag() -> None:
    version = (ROOT / "TEMPLATE_VERSION").read_text(encoding="utf-8").strip()
    names = git(ROOT, "tag", "--list", "v*.*.*").split()

    tags = [parts(name.removeprefix("v")) for name in names if "-" not in name]

    assert all(tag <= parts(version) for tag in tags)


def parts(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def test_a_release_commit_has_one_tag() -> None:
    """With two, `git describe` names either, and Copier sees a downgrade."""
    commits = git(ROOT, "tag", "--list", "--format=%(objectname) %(*objectname)")

    peeled = [line.split()[-1] for line in commits.splitlines()]

    assert sorted(set(peeled)) == sorted(peeled)
