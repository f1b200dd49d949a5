"""Has the workflow of releases attested an image: asked of GitHub's own program.

``gh attestation verify`` checks the signature, the digest and who signed; its exit code
is 0 only when all of that holds (gh-attestation-verify(1)).
"""

from monokeel.adapters.process import run
from monokeel.ground.answers import Json, as_list, as_object
from monokeel.ground.errors import ServiceError
from monokeel.ground.parsers import parse_json

_WORKFLOW = ".github/workflows/release.yml"
_LONGEST_S = 60.0


def is_attested(
    repository: str, token: str | None, image: str, digest: str, commit: str
) -> bool:
    """Say whether releases of *repository* built *digest* of *image* from *commit*.

    *image* has its host. The commit that the workflow ran on is part of what is signed,
    so a member's own version of it vouches for nothing; and so is the name, for the
    image of another service is attested as well. False where nobody can tell: an image
    that nothing vouches for is built again.
    """
    args = ["gh", "attestation", "verify", f"oci://{image}@{digest}"]
    args += ["--repo", repository, "--signer-workflow", f"{repository}/{_WORKFLOW}"]
    args += ["--source-digest", commit, "--format", "json"]
    try:
        done = run(args, env={"GH_TOKEN": token} if token else {}, timeout_s=_LONGEST_S)
        signed = [_statement(each) for each in as_list(parse_json(done.stdout))]
        subjects = [each for one in signed for each in as_list(one.get("subject"))]
    except (ServiceError, ValueError):
        return False
    digests: Json = {"sha256": digest.removeprefix("sha256:")}
    return {"name": image, "digest": digests} in subjects


def _statement(verified: Json) -> dict[str, Json]:
    result = as_object(as_object(verified).get("verificationResult"))
    return as_object(result.get("statement"))
