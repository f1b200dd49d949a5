"""May this caller bring in these workflow files? GitHub asks for a right of its own."""

from sandbox.actors import Actor
from sandbox.state import State

_FOLDER = ".github/workflows"
# Who is refused, and what it lacks, in the words of pushes: pod-certificate-signer#128
# (Apps); flashcatcloud/categraf#34 (personal tokens; that fine-grained ones read the
# same is assumed); gitpod-io/gitpod#1188 (tokens of gh and other OAuth Apps).
_WORDS = {
    "app": ("a GitHub App", "`workflows` permission"),
    "classic": ("a Personal Access Token", "`workflow` scope"),
    "fine": ("a Personal Access Token", "`workflow` scope"),
    "oauth": ("an OAuth App", "`workflow` scope"),
}


def workflow_refusal(state: State, actor: Actor, new: str | None) -> str | None:
    """Return why *actor* may not bring in the workflows of commit *new*, if so."""
    if new is None or _has_right(state, actor):
        return None
    wanted = _files(state, new)
    tips = [f"refs/heads/{state.default_branch}"]
    if not state.switches.strict_workflows:
        tips = list(state.git.refs("refs/heads/"))
    known = [_files(state, tip) for tip in tips if state.git.commit_of(tip)]
    if not known:
        known = [{}] if state.switches.first_push_needs_right else []
    if not wanted or not known or wanted in known:
        return None
    who, lack = _WORDS.get(actor.kind, _WORDS["app"])
    path = _first_difference(wanted, known[0])
    return f"refusing to allow {who} to create or update workflow `{path}` without " + (
        lack
    )


def _has_right(state: State, actor: Actor) -> bool:
    if actor.may("workflows:write"):
        return True
    scoped = actor.kind in ("classic", "oauth")
    return scoped and not state.switches.classic_needs_workflow_scope


def _files(state: State, commit: str) -> dict[str, str]:
    """Return the workflow files of *commit*: path to blob."""
    lines = state.git.ask("ls-tree", "-r", commit, "--", _FOLDER) or ""
    entries = (line.split(None, 3) for line in lines.splitlines())
    return {path: blob for _, _, blob, path in entries}


def _first_difference(wanted: dict[str, str], known: dict[str, str]) -> str:
    changed = {path for path, _ in wanted.items() ^ known.items()}
    return min(changed & set(wanted) or changed)
