"""The registry behind the sandbox's tokens: who reads, who waits, what fails."""

import base64
import json
import re
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from sandbox.images import OCI_MANIFEST, Manifest
from sandbox.server import Sandbox
from tests.sandbox.calls import Answer, Api
from tests.sandbox.clones import run

_IMAGE = "acme/shop/api"
_TAG = f"//v2/{_IMAGE}/manifests/1.0.0"
_ACCEPT = {"Accept": OCI_MANIFEST}
_CONFIG = b'{"architecture": "amd64", "os": "linux"}'


def _manifest(box: Sandbox) -> bytes:
    """Keep the config of an image without layers and return its manifest."""
    digest = box.images.repository(_IMAGE).add_blob(_CONFIG)
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": digest,
        "size": len(_CONFIG),
    }
    body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config}
    return json.dumps(body | {"layers": []}).encode()


def _publish(box: Sandbox) -> None:
    """Put the image there as it was long ago."""
    box.images.repository(_IMAGE).put("1.0.0", Manifest(OCI_MANIFEST, _manifest(box)))


def _basic(token: str) -> dict[str, str]:
    return {
        "Authorization": f"Basic {base64.b64encode(f'x:{token}'.encode()).decode()}"
    }


def _token(api: Api, who: str = "none", actions: str = "pull") -> Answer:
    scope = quote(f"repository:{_IMAGE}:{actions}")
    headers = _basic(api.box.tokens[who]) if who != "none" else {}
    path = f"//token?service=ghcr.io&scope={scope}"
    return api("GET", path, who="none", headers=headers)


def _read(api: Api, who: str = "none") -> Answer:
    token = _token(api, who)
    assert token.status == 200, token.body
    headers = _ACCEPT | {"Authorization": f"Bearer {token['token']}"}
    return api("GET", _TAG, who="none", headers=headers)


def _errors(answer: Answer) -> list[str]:
    return [str(error["code"]) for error in json.loads(answer.body)["errors"]]


@pytest.mark.parametrize(
    ("who", "status"),
    [("admin", 200), ("actions", 200), ("fine", 403), ("app", 403), ("gh", 401)],
)
def test_images_take_classic_tokens_only(
    api: Api, box: Sandbox, who: str, status: int
) -> None:
    _publish(box)
    box.images.switches.public.add(_IMAGE)

    answer = _token(api, who)

    assert answer.status == status
    if status == 403:
        assert _errors(answer) == ["DENIED"]


def test_a_bearer_that_is_a_fine_grained_token_is_denied(
    api: Api, box: Sandbox
) -> None:
    _publish(box)
    secret = base64.b64encode(box.tokens["fine"].encode()).decode()

    headers = _ACCEPT | {"Authorization": f"Bearer {secret}"}

    assert api("GET", _TAG, who="none", headers=headers).status == 403


def test_the_kind_of_token_can_be_made_not_to_matter(api: Api, box: Sandbox) -> None:
    _publish(box)
    box.images.switches.images_need_classic_token = False

    assert _read(api, "fine").status == 200


def test_everybody_reads_a_public_package(api: Api, box: Sandbox) -> None:
    _publish(box)

    private = _token(api).status
    box.images.switches.public.add(_IMAGE)

    assert private == 401
    assert _read(api).status == 200
    names = api("GET", "//orgs/acme/packages?package_type=container").items
    assert [package["visibility"] for package in names] == ["public"]


def test_versions_of_a_package_come_newest_first(api: Api, box: Sandbox) -> None:
    for number in (1, 2):
        body = f'{{"schemaVersion": 2, "layers": [], "number": {number}}}'.encode()
        manifest = Manifest(OCI_MANIFEST, body)
        box.images.repository(_IMAGE).put(f"{number}.0.0", manifest)

    found = api("GET", "//orgs/acme/packages/container/shop%2Fapi/versions").items

    tags = [re.findall(r'"(\d\.0\.0)"', json.dumps(version)) for version in found]
    assert tags == [["2.0.0"], ["1.0.0"]]


@pytest.mark.parametrize("public", [True, False])
def test_a_new_package_starts_private_unless_told_otherwise(
    api: Api, box: Sandbox, *, public: bool
) -> None:
    box.images.switches.images_start_public = public

    _publish(box)

    assert _token(api).status == (200 if public else 401)


def _put(api: Api, box: Sandbox) -> Answer:
    body = _manifest(box)
    token = _token(api, "admin", "pull,push")["token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": OCI_MANIFEST}
    return api("PUT", _TAG, body, who="none", headers=headers)


def test_a_tag_is_missing_for_a_while_after_its_push(api: Api, box: Sandbox) -> None:
    box.images.switches.images_stale_reads = 2

    assert _put(api, box).status == 201

    answers = [_read(api, "admin") for _ in range(3)]
    assert [answer.status for answer in answers] == [404, 404, 200]
    assert _errors(answers[0]) == ["MANIFEST_UNKNOWN"]


def test_without_the_switch_a_tag_is_there_at_once(api: Api, box: Sandbox) -> None:
    box.images.switches.images_stale_reads = 0
    _put(api, box)

    assert _read(api, "admin").status == 200


@pytest.mark.parametrize(
    ("status", "code"), [(404, "MANIFEST_UNKNOWN"), (429, "TOOMANYREQUESTS")]
)
def test_faults_reach_the_registry(
    api: Api, box: Sandbox, status: int, code: str
) -> None:
    _publish(box)
    box.switches.fail("^/v2/.*/manifests/", method="GET", status=status)

    answers = [_read(api, "admin") for _ in range(2)]

    assert [answer.status for answer in answers] == [status, 200]
    assert _errors(answers[0]) == [code]
    assert "X-GitHub-Request-Id" not in answers[0].headers


def test_a_registry_that_is_down_says_so_in_html(api: Api, box: Sandbox) -> None:
    _publish(box)
    box.switches.fail("^/v2/.*/manifests/", status=502)

    answer = _read(api, "admin")

    assert answer.status == 502
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.skipif(not shutil.which("skopeo"), reason="skopeo is not installed")
@pytest.mark.parametrize("public", [True, False])
def test_skopeo_reads_what_is_public_without_credentials(
    box: Sandbox, tmp_path: Path, *, public: bool
) -> None:
    box.images.switches.images_start_public = public
    _publish(box)
    host = box.url.removeprefix("http://")
    place = f"docker://{host}/{_IMAGE}"
    empty = ("--authfile", str(tmp_path / "auth.json"))
    (tmp_path / "auth.json").write_text("{}", encoding="utf-8")

    done = run("skopeo", "list-tags", "--tls-verify=false", *empty, place)
    named = run(
        "skopeo",
        "list-tags",
        "--tls-verify=false",
        "--creds",
        f"x:{box.tokens['admin']}",
        place,
    )

    assert ('"1.0.0"' in done.output) == public
    assert '"1.0.0"' in named.output
