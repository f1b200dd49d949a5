"""The manifests of the page about deployers, against the fields of their kinds.

The shapes name every field that the manifests use, as in the CustomResourceDefinitions
of Argo CD (argoproj.io/v1alpha1 Application) and Flux (source-controller and
kustomize-controller, both v1); an unknown or misspelt field fails.
"""

from pathlib import Path

import jsonschema
import pytest
import yaml

from monokeel.ground.answers import Json

ROOT = Path(__file__).parents[2] / "docs/manifests"
DIGEST = "sha256:[0-9a-f]{64}"


def fields(required: dict[str, Json], **optional: Json) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": [*required],
        "additionalProperties": False,
    }


TEXT: dict[str, Json] = {"type": "string", "minLength": 1}
FLAG: dict[str, Json] = {"type": "boolean"}
SPAN: dict[str, Json] = {
    "type": "string",
    "pattern": "^([0-9]+(ms|s|m|h))+$",
}
META = fields({"name": TEXT, "namespace": TEXT})
POINTER: dict[str, Json] = {"const": "refs/heads/env/prod"}
TAGGED = r"(ghcr\.io/acme/shop/[a-z]+)=\1:sha-\$ARGOCD_APP_REVISION"
BY_DIGEST = rf"ghcr\.io/acme/shop/[a-z]+@{DIGEST}"
APPLICATION = fields(
    {
        "project": TEXT,
        "source": fields(
            {
                "repoURL": TEXT,
                "targetRevision": POINTER,
                "path": TEXT,
                "kustomize": fields(
                    {
                        "images": {
                            "type": "array",
                            "items": {"pattern": f"^(?:{BY_DIGEST}|{TAGGED})$"},
                        }
                    }
                ),
            }
        ),
        "destination": fields({"server": TEXT, "namespace": TEXT}),
        "syncPolicy": fields(
            {
                "automated": fields({"prune": FLAG, "selfHeal": FLAG}),
                "retry": fields({"limit": {"type": "integer"}, "refresh": FLAG}),
            }
        ),
    }
)
GIT_REPOSITORY = fields(
    {"interval": SPAN, "url": TEXT, "ref": fields({"name": POINTER})}
)
KUSTOMIZATION = fields(
    {
        "interval": SPAN,
        "prune": FLAG,
        "path": TEXT,
        "sourceRef": fields({"kind": {"const": "GitRepository"}, "name": TEXT}),
        "images": {
            "type": "array",
            "items": fields({"name": TEXT, "digest": {"pattern": f"^{DIGEST}$"}}),
        },
    },
    wait=FLAG,
    timeout=SPAN,
    targetNamespace=TEXT,
)
KINDS = {
    ("argoproj.io/v1alpha1", "Application"): APPLICATION,
    ("source.toolkit.fluxcd.io/v1", "GitRepository"): GIT_REPOSITORY,
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"): KUSTOMIZATION,
}
FILES = sorted(ROOT.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.name))
def test_a_manifest_has_the_fields_of_its_kind(path: Path) -> None:
    documents = [*yaml.safe_load_all(path.read_text(encoding="utf-8"))]

    assert documents
    for document in documents:
        spec = KINDS[document["apiVersion"], document["kind"]]
        whole = fields(
            {"apiVersion": TEXT, "kind": TEXT, "metadata": META, "spec": spec}
        )
        jsonschema.validate(document, whole)


def test_each_manifest_is_on_the_page() -> None:
    page = (ROOT.parent / "how-to/deployers.md").read_text(encoding="utf-8")

    assert FILES
    for path in FILES:
        assert f"../manifests/{path.name}" in page


def test_a_misspelt_field_is_noticed() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"interval": "1m", "url": "x", "rev": {}}, GIT_REPOSITORY)
