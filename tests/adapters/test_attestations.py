"""An image counts only with an attestation of our workflow; gh's answers are recorded.

Shape and exit codes: gh-attestation-verify(1), and cli/cli pkg/cmd/attestation/verify.
Nothing was verified on live GitHub (docs/unconfirmed.md).
"""

import json
from pathlib import Path

import pytest

from monokeel.adapters.attestations import is_attested

COMMIT, OTHER = "a" * 40, "b" * 40
IMAGE = "ghcr.io/acme/shop/api"
HEX = "1" * 64
DIGEST = f"sha256:{HEX}"


def verified(name: str = IMAGE, digest: str = HEX) -> str:
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": digest}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {"buildDefinition": {}, "runDetails": {}},
    }
    result = {"mediaType": "application/vnd.dev.sigstore.verificationresult+json"}
    return json.dumps(
        [{"attestation": {}, "verificationResult": {**result, "statement": statement}}]
    )


ANSWERS = [
    pytest.param(0, verified(), "", True, id="verified"),
    pytest.param(0, verified("ghcr.io/acme/shop/web"), "", False, id="another service"),
    pytest.param(0, verified(digest="2" * 64), "", False, id="another digest"),
    pytest.param(0, "[]", "", False, id="none in the answer"),
    pytest.param(0, '[{"verificationResult": null}]', "", False, id="no result"),
    pytest.param(0, "", "", False, id="no answer"),
    pytest.param(1, verified(), "", False, id="an answer, and a failure"),
    pytest.param(
        1,
        "",
        "Error: HTTP 404: Not Found (https://api.github.com/repos/acme/shop/attestatio"
        "ns/sha256:1?per_page=30&predicate_type=https://slsa.dev/provenance/v1)",
        False,
        id="none",
    ),
    pytest.param(
        1,
        "",
        'Error: verifying with issuer "sigstore.dev": failed to verify certificate'
        " identity: no matching CertificateIdentity found",
        False,
        id="of another workflow, or of another commit",
    ),
    pytest.param(
        4,
        "",
        "To use GitHub CLI in a GitHub Actions workflow, set the"
        " GH_TOKEN environment variable.",
        False,
        id="no token",
    ),
]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/bin")
    return folder


def record(programs: Path, code: int, out: str, err: str) -> None:
    """Let gh answer as it was recorded, and write down what it was asked."""
    for name, text in (("out", out), ("err", err)):
        (programs / name).write_text(text)
    gh = programs / "gh"
    gh.write_text(
        f'#!/bin/sh\nprintf \'%s\\n\' "$@" "$GH_TOKEN" > {programs}/asked\n'
        f"cat {programs}/out; cat {programs}/err >&2; exit {code}\n"
    )
    gh.chmod(0o755)


@pytest.mark.parametrize(("code", "out", "err", "counts"), ANSWERS)
def test_an_image_counts_only_when_its_own_attestation_verifies(
    programs: Path, code: int, out: str, err: str, *, counts: bool
) -> None:
    record(programs, code, out, err)

    assert is_attested("acme/shop", "t0ken", IMAGE, DIGEST, COMMIT) is counts


def test_signer_commit_and_repository_are_part_of_the_question(programs: Path) -> None:
    record(programs, 0, verified(), "")

    is_attested("acme/shop", "t0ken", IMAGE, DIGEST, OTHER)

    assert (programs / "asked").read_text().splitlines() == [
        *("attestation", "verify", f"oci://{IMAGE}@{DIGEST}", "--repo", "acme/shop"),
        *("--signer-workflow", "acme/shop/.github/workflows/release.yml"),
        *("--source-digest", OTHER, "--format", "json", "t0ken"),
    ]


def test_without_the_program_nothing_counts(programs: Path) -> None:
    assert list(programs.iterdir()) == []

    assert is_attested("acme/shop", None, IMAGE, DIGEST, COMMIT) is False
