"""The default branch on the remote: ours, or nobody may write anything."""

from functools import partial
from typing import assert_never

from monokeel.ground.answers import Declined, Lost, Moved
from monokeel.ground.errors import RefusedError, UsageError
from monokeel.ground.repository import repository_of
from monokeel.ground.settings import Settings
from monokeel.setup.permissions import PUSH
from monokeel.setup.ports import Clone
from monokeel.setup.rows import INIT, Answer, AsWanted, Expectation, Otherwise

MAIN = "default branch"


def main_row(settings: Settings, clone: Clone) -> Expectation:
    """Expect the clone's default branch on the remote, or one that came from it."""
    return Expectation(
        name=MAIN,
        item="default_branch",
        reads=("GET /",),
        writes=(PUSH,),
        lost="nothing can be merged or released",
        ask=partial(_compared, clone, settings),
        make=partial(_push, clone, settings.default_branch),
        watched="elsewhere",
    )


def _compared(clone: Clone, settings: Settings) -> Answer:
    branch = settings.default_branch
    wrong = wrong_remote(settings, clone.written_address())
    if wrong is not None:
        return Otherwise(detail=wrong[0], remedy=wrong[1], blocks=True)
    ref = f"refs/heads/{branch}"
    there, here = clone.remote_refs((ref,)).get(ref), clone.commit_of(ref)
    if there is None:
        return Otherwise(detail=f"{branch} is not there", remedy=INIT)
    if here not in (None, there):
        clone.fetch_commit(there)
    if here in (None, there) or clone.is_ancestor(here, there):
        return AsWanted(detail=f"{branch} at {there[:12]}")
    if clone.is_ancestor(there, here):
        return Otherwise(detail=f"{branch} is behind this clone", remedy=INIT)
    pull = f"git pull --rebase --allow-unrelated-histories origin {branch}"
    return Otherwise(
        detail=f"{branch} ({there[:12]}) has commits that are not in this clone",
        remedy=f"{pull}, then {INIT}",
        blocks=True,
    )


def _push(clone: Clone, branch: str) -> None:
    ref = f"refs/heads/{branch}"
    here = clone.commit_of(ref)
    if here is None:
        problem = f"there is no branch {branch} here"
        raise UsageError(problem, fix=f"Run: git switch -c {branch}")
    old = clone.remote_refs((ref,)).get(ref)
    match clone.move_ref(ref, old=old, new=here):
        case Declined(reason=reason):
            raise RefusedError(f"GitHub refused the push of {branch}: {reason}")
        case Lost() | Moved():
            return  # whoever made it asks again
        case unknown:
            assert_never(unknown)


def wrong_remote(settings: Settings, address: str | None) -> tuple[str, str] | None:
    """Return what is wrong with the remote *address*, and the command against it."""
    right = f"https://github.com/{settings.repository}.git"
    if address is None:
        return "this clone has no remote", f"git remote add origin {right}"
    there = repository_of(address)
    if there is not None and there.lower() == settings.repository.lower():
        return None
    problem = f"the remote is {there or 'no repository'}, not {settings.repository}"
    return problem, f"git remote set-url origin {right}"
