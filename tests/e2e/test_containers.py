"""The images of a new repository build without a network, and run as promised."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monokeel.ground.answers import Json, as_list, as_object, as_text
from tests.e2e import base_image
from tests.e2e.base_image import Builder
from tests.rendered import renders

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or base_image.NOT_HERE != [],
    reason=f"needs root and {', '.join(base_image.NOT_HERE) or 'nothing else'}",
)
STOPS_WITHIN_S = 5
SERVICES = ("api", "web", "worker")


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """A builder that has the image of every service."""
    home = tmp_path_factory.mktemp("containers")
    source = renders.copy_source(home / "source")
    project = renders.render(source, home / "project", {})
    made = Builder(home)
    made.make_base(home / "base")
    for name in SERVICES:
        made.build(project / "services" / name, f"localhost/{name}:1")
    return made


@contextmanager
def running(builder: Builder, name: str, **environment: str) -> Iterator[int]:
    """Run the image as process 1 of its own namespace; give its process id outside."""
    container = builder.run("from", "--pull-never", f"localhost/{name}:1")
    config = image_config(builder, name)
    variables = dict(each.split("=", 1) for each in texts(config["Env"]))
    user, group = as_text(config["User"]).split(":")
    command = [
        *("unshare", "--pid", "--fork", "--mount"),
        *(
            "--root",
            builder.run("mount", container),
            "--wd",
            as_text(config["WorkingDir"]),
        ),
        *("--setuid", user, "--setgid", group),
        *texts(config["Entrypoint"]),
    ]
    with subprocess.Popen(
        command, env=variables | environment, stdout=subprocess.PIPE, encoding="utf-8"
    ) as outer:
        assert outer.stdout is not None
        try:
            assert outer.stdout.readline() != ""  # it says so when it is ready
            yield children_of(outer.pid)[0]
        finally:
            # Killing process 1 ends its namespace, and then `unshare` itself.
            for pid in children_of(outer.pid):
                os.kill(pid, signal.SIGKILL)
            outer.wait()
            builder.run("rm", container)


def image_config(builder: Builder, name: str) -> dict[str, Json]:
    inspected = builder.run("inspect", "--type", "image", f"localhost/{name}:1")
    image: Json = json.loads(inspected)
    return as_object(as_object(as_object(image)["OCIv1"])["config"])


def texts(value: Json) -> list[str]:
    return [as_text(each) for each in as_list(value)]


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def stopped_within(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


def test_the_api_answers_http(builder: Builder) -> None:
    port = free_port()

    with (
        running(builder, "api", HOST="127.0.0.1", PORT=str(port)),
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer,
    ):
        assert json.load(answer) == {"service": "api"}


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_service_stops_in_time_when_asked(builder: Builder, name: str) -> None:
    """As process 1, which ignores SIGTERM unless it handles it."""
    with running(builder, name, HOST="127.0.0.1", PORT="0") as pid:
        os.kill(pid, signal.SIGTERM)

        assert stopped_within(pid, STOPS_WITHIN_S)


@pytest.mark.parametrize("name", ["api", "worker"])
def test_a_service_does_not_run_as_root(builder: Builder, name: str) -> None:
    with running(builder, name, HOST="127.0.0.1", PORT="0") as pid:
        status = Path(f"/proc/{pid}/status").read_text()

        assert "\nUid:\t10001\t10001\t10001\t10001\n" in status
        assert "\nGid:\t10001\t10001\t10001\t10001\n" in status


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_names_a_numeric_user_and_its_source(
    builder: Builder, name: str
) -> None:
    config = image_config(builder, name)

    user, _, group = as_text(config["User"]).partition(":")
    assert user.isdecimal()
    assert group.isdecimal()
    assert int(user) > 0
    source = as_object(config["Labels"])["org.opencontainers.image.source"]
    assert source == "https://github.com/acme/shop"
