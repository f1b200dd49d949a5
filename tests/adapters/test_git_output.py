"""What a server says of a push, and what passes by itself."""

import pytest

from monokeel.adapters.git_output import unless_passing
from monokeel.ground.errors import ServiceError


@pytest.mark.parametrize(
    "said",
    [
        "failure: fatal error in commit_refs",
        "remote failed to report status: Internal Server Error",
        "fail to run proc-receive hook: error: proc-receive exited abnormally",
        "Internal Server Error",
        *(
            f"error: RPC failed; HTTP {status} curl 22 The requested URL returned"
            f" error: {status}; fatal: the remote end hung up unexpectedly"
            for status in (408, 429, 500, 502, 503, 504)
        ),
        "error: RPC failed; curl 52 Empty reply from server",
        "error: RPC failed; curl 56 Recv failure: Connection reset by peer",
        "send-pack: unexpected disconnect while reading sideband packet",
        "`git push` did not end within 60.0 s",
    ],
)
def test_the_trouble_of_a_server_is_no_refusal(said: str) -> None:
    """Kind 5 of the releases: advice about a key would help nobody."""
    with pytest.raises(ServiceError, match="the server had trouble") as caught:
        unless_passing("refs/tags/v1.0.0", said)

    assert caught.value.again_s == 0.0


@pytest.mark.parametrize(
    "said",
    [
        "push declined due to repository rule violations: GH013",
        "pre-receive hook declined: no",
        "failed to update ref: cannot lock ref 'a': 'a/b' exists; cannot create 'a'",
        "error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403",
        "error: RPC failed; HTTP 413 curl 22 The requested URL returned error: 413",
    ],
)
def test_a_refusal_stays_one(said: str) -> None:
    assert unless_passing("refs/tags/v1.0.0", said) == said
