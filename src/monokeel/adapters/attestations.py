"""Has the workflow of releases attested an image: asked of ``gh attestation verify``.

Its exit code is 0 only where signature, digest and signer are right (manual page).
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

    *image* has its host. Commit and name are part of what is signed: neither a member's
    own workflow nor another service vouches for it. False where nobody can tell.
    """
    args = ["gh", "attestation", "verify", f"oci://{image}@{digest}"]
    args += ["--repo", repository, "--signer-workflow", f"{repository}/{_WORKFLOW}"]
    args += ["--source-digest", commit, "--format", "json"]
    try:
        done = run(args, env={"GH_TOKEN": token} if token else {}, timeout_s=_LONGEST_S)
        subjects = []
        for verified in map(as_object, as_list(parse_json(done.stdout))):
            result = as_object(verified.get("verificationResult"))
            subjects += as_list(as_object(result.get("statement")).get("subject"))
    except (ServiceError, ValueError):
        return False
    digests: Json = {"sha256": digest.removeprefix("sha256:")}
    return {"name": image, "digest": digests} in subjects
