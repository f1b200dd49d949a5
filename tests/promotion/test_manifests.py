"""The manifests of the page about deployers, against the fields of their kinds.

The shapes are those of the projects themselves (``deployers.json`` says from where): a
field that the deployer does not know fails, as it would be dropped in a cluster, and so
does a value that its patterns and enums refuse.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest
import yaml

from monokeel.ground.answers import Json, as_list, as_object

ROOT = Path(__file__).parents[2] / "docs/manifests"
SCHEMAS = json.loads(Path(__file__).with_name("deployers.json").read_text("utf-8"))
FILES = sorted(ROOT.glob("*.yaml"))
POINTER = "refs/heads/env/prod"
# A digest names the bytes; the commit of the pointer names the tag of its images.
_DIGEST = r"sha256:[0-9a-f]{64}"
IMAGE = re.compile(
    rf"ghcr\.io/acme/shop/[a-z]+@{_DIGEST}"
    r"|(ghcr\.io/acme/shop/[a-z]+)=\1:sha-\$ARGOCD_APP_REVISION"
)


def documents() -> Iterator[tuple[str, dict[str, Json]]]:
    for path in FILES:
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            yield f"{each['apiVersion']} {each['kind']}", each


@pytest.mark.parametrize(("kind", "document"), [*documents()])
def test_a_manifest_has_the_fields_of_its_kind(
    kind: str, document: dict[str, Json]
) -> None:
    jsonschema.validate(document, SCHEMAS[kind])


@pytest.mark.parametrize("path", ["spec", "spec.source", "spec.syncPolicy.retry"])
def test_a_misspelt_field_is_noticed(path: str) -> None:
    kind, document = next(documents())
    place = document
    for name in path.split("."):
        place = as_object(place[name])
    place["refesh"] = True

    with pytest.raises(jsonschema.ValidationError, match="refesh"):
        jsonschema.validate(document, SCHEMAS[kind])


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("GitRepository", "interval", "1 minute"),
        ("GitRepository", "timeout", "1h"),
        ("GitRepository", "url", "git@github.com:acme/shop.git"),
        ("GitRepository", "provider", "gitlab"),
        ("Kustomization", "interval", "10"),
        ("Kustomization", "timeout", "5 m"),
        ("Kustomization", "deletionPolicy", "Keep"),
        ("Kustomization", "targetNamespace", "x" * 64),
        ("Kustomization", "sourceRef.kind", "HelmRepository"),
        ("Application", "syncPolicy.retry.limit", "5"),
        ("Application", "syncPolicy.retry.backoff", {"factor": 1.5}),
    ],
)
def test_a_value_that_the_cluster_would_refuse_is_noticed(
    kind: str, path: str, value: Json
) -> None:
    name, document = next(each for each in documents() if each[0].endswith(kind))
    *places, last = path.split(".")
    place = as_object(document["spec"])
    for each in places:
        place = as_object(place[each])
    place[last] = value

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMAS[name])


def test_each_follows_the_pointer_by_its_full_name() -> None:
    specs = [as_object(each["spec"]) for _, each in documents()]

    sources = [as_object(spec["source"]) for spec in specs if "source" in spec]
    refs = [as_object(spec["ref"])["name"] for spec in specs if "ref" in spec]

    assert {each["targetRevision"] for each in sources} == {POINTER}
    assert refs == [POINTER]


def test_no_image_goes_by_a_tag_that_may_move() -> None:
    names = []
    for _, document in documents():
        spec = as_object(document["spec"])
        if "source" in spec:
            kustomize = as_object(as_object(spec["source"])["kustomize"])
            names += as_list(kustomize["images"])
        for image in as_list(spec.get("images", [])):
            names.append("{name}@{digest}".format(**as_object(image)))

    assert len(names) == 9
    assert [name for name in names if not IMAGE.fullmatch(str(name))] == []


def test_each_manifest_is_on_the_page() -> None:
    page = (ROOT.parent / "how-to/deployers.md").read_text(encoding="utf-8")

    assert FILES
    for path in FILES:
        assert f"../manifests/{path.name}" in page
