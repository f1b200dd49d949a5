"""The build command: the programs that it stands for, and what they are given."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monokeel.adapters.builder import Job, command_lines
from monokeel.ground.errors import UsageError
from monokeel.ground.settings import parse_settings
from tests.fakes.served import API, BUILT, COMMIT

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SETTINGS = parse_settings(
    '[repository]\nowner = "acme"\nname = "shop"\n'
    '[[services]]\nname = "api"\nkind = "api"\n[[environments]]\nname = "dev"\n'
)
JOB = Job(
    service=SETTINGS.service("api"),
    context="/some folder/api",
    dockerfile="",
    image=f"ghcr.io/{API}:{BUILT}",
    commit=COMMIT,
    created=MOMENT,
    labels={"a": "b"},
    insecure=False,
    digest_file="/some folder/digest",
)


def test_each_value_is_one_argument_whatever_is_in_it() -> None:
    command = "'my builder' --out={image} \"{context}\" {commit} '{other}'"

    (line,) = command_lines(command, JOB)

    assert line == [
        "my builder",
        f"--out=ghcr.io/{API}:{BUILT}",
        "/some folder/api",
        COMMIT,
        "{other}",
    ]


def test_no_value_is_taken_for_another_one() -> None:
    job = replace(JOB, context="/{commit}/{image}/api")

    (line,) = command_lines("make {context} {image}", job)

    assert line == ["make", job.context, job.image]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("", id="nothing"),
        pytest.param("dokcer", id="a preset misspelt"),
        pytest.param("make {image}", id="no context"),
        pytest.param("make {context}", id="no image"),
        pytest.param("make s3cret '{context} {image}", id="an open quote"),
        pytest.param("make --token=s3cret {context}", id="a secret"),
    ],
)
def test_what_cannot_build_is_wrong_use(command: str) -> None:
    with pytest.raises(UsageError, match="build command") as caught:
        command_lines(command, JOB)

    assert "s3cret" not in str(caught.value)
    assert command.partition(" ")[0] in str(caught.value)


@pytest.mark.parametrize(
    ("written", "handed_on"),
    [
        ("{{platform}}", "{platform}"),
        ("--t={{image}}-{image}", f"--t={{image}}-{JOB.image}"),
        ("${{commit}}", "${commit}"),
        ("{{if .}}{{else}}{{end}}", "{{if .}}{{else}}{{end}}"),
        ("{{.Digest}} {{json .}}", "{{.Digest}} {{json .}}"),
    ],
)
def test_doubled_braces_are_the_command_s_own(written: str, handed_on: str) -> None:
    (line,) = command_lines(f"make {{context}} {{image}} '{written}'", JOB)

    assert line[3] == handed_on


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{digestfile}", "{digest_file}"),
        ("{digest-file}", "{digest_file}"),
        ("{digest}", "{digest_file}"),
        ("--revision={COMMIT}", "{commit}"),
        ("{platform}", "{platforms}"),
        ("{service_name}", "{service}"),
    ],
)
def test_a_placeholder_that_is_misspelt_is_wrong_use(written: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"did you mean {meant}"):
        command_lines(f"make {{context}} {{image}} {written}", JOB)
    [literal] = {*re.findall(r"\{\w[\w-]+\}", written)}
    [line] = command_lines(f"make {{context}} {{image}} {{{literal}}}", JOB)
    assert line[3] == literal


def test_docker_builds_one_manifest_with_labels_and_annotations() -> None:
    (line,) = command_lines("docker", JOB)

    assert line[:3] == ["docker", "buildx", "build"]
    assert {"--provenance=false", "--sbom=false"} <= set(line)
    # R45: the containerd image store refuses rewrite-timestamp without it.
    [output] = [each for each in line if each.startswith("--output=")]
    assert output.endswith("rewrite-timestamp=true,unpack=false")
    assert line[line.index("--label") + 1] == "a=b"
    assert line[line.index("--annotation") + 1] == "manifest:a=b"
    assert line[-3:] == ["--tag", f"ghcr.io/{API}:{BUILT}", "/some folder/api"]


def test_tls_is_checked_for_every_registry_but_one_on_this_machine() -> None:
    distant = command_lines("buildah", JOB)
    local = command_lines("buildah", replace(JOB, insecure=True))

    assert [line for line in distant if "--tls-verify=false" in line] == []
    assert [line for line in local if "--tls-verify=false" not in line] == []


def test_a_service_is_built_in_its_own_way() -> None:
    job = replace(
        JOB,
        service=replace(
            JOB.service,
            platforms=("linux/amd64", "linux/arm64"),
            args={"PYTHON": "3.13"},
        ),
        dockerfile="/some folder/api.dockerfile",
    )

    [docker] = command_lines("docker", job)
    [own] = command_lines("b {context} {image} {service} {dockerfile} {platforms}", job)

    assert "--platform linux/amd64,linux/arm64" in " ".join(docker)
    assert "--build-arg PYTHON=3.13" in " ".join(docker)
    assert docker[docker.index("--file") + 1] == "/some folder/api.dockerfile"
    assert "index,manifest:a=b" in docker
    assert own[3:] == [
        *("api", "/some folder/api.dockerfile", "linux/amd64,linux/arm64"),
    ]
    with pytest.raises(UsageError, match="builds one platform"):
        command_lines("buildah", job)


def test_buildah_takes_one_platform_and_the_arguments() -> None:
    own = replace(JOB.service, platforms=("linux/arm64",), args={"A": "b"})
    job = replace(JOB, service=own)

    build, _ = command_lines("buildah", job)

    assert "--platform linux/arm64" in " ".join(build)
    assert "--build-arg A=b" in " ".join(build)
