"""What decides beside the rules who gets past them: branch, secrets, workflows."""

from monokeel.ground.answers import Unknown
from monokeel.ground.settings import Settings
from monokeel.setup.ports import Outside, Repository
from monokeel.setup.rows import Answer, AsWanted, Expectation, Otherwise
from monokeel.setup.writer import SECRETS


def default_branch_row(settings: Settings, repository: Repository) -> Expectation:
    """Expect GitHub's default branch to be the one of the file."""
    wanted = settings.default_branch

    def ask() -> Answer:
        there = str(repository.get_repository().get("default_branch"))
        if there == wanted:
            return AsWanted(detail=wanted)
        return Otherwise(
            detail=f"GitHub's default branch is {there}, infra/platform.toml says"
            f" {wanted}",
            remedy=f"gh api -X PATCH repos/{settings.repository}"
            f" -f default_branch={wanted}",
        )

    return Expectation(
        name="default branch on GitHub",
        item="default_branch",
        reads=("GET /",),
        lost="pull requests and schedules go to a branch that no rule may protect",
        ask=ask,
    )


def no_wider_secret_row(settings: Settings, outside: Outside) -> Expectation:
    """Expect the private key in Environments alone, where they are to be had."""
    repository, secret = outside.repository, SECRETS[settings.writer]

    def ask() -> Answer:
        wide = repository.secrets("")
        if isinstance(wide, Unknown):
            return wide
        if secret not in wide:
            return AsWanted(detail="none")
        narrow = repository.secrets("release")
        if isinstance(narrow, Unknown):
            if repository.environment("release") is not None:
                return narrow
            narrow = {}
        if secret not in narrow:
            return AsWanted(detail="the Environments have none: it stands in for them")
        return Otherwise(
            detail=f"{secret} is a secret of the repository, too",
            remedy=f"gh secret delete {secret} --repo {settings.repository}",
        )

    return Expectation(
        name="secrets of the repository",
        item="secrets",
        reads=("GET /actions/secrets", "GET /environments/{name}/secrets"),
        lost="a workflow of any branch can read the key that may write",
        ask=ask,
    )


def workflow_rights_row(settings: Settings, repository: Repository) -> Expectation:
    """Expect workflows to read by default, and never to approve."""
    path = f"repos/{settings.repository}/actions/permissions/workflow"

    def ask() -> Answer:
        found = repository.workflow_rights()
        if isinstance(found, Unknown):
            return found
        wrong, fix = [], []
        if found.get("default_workflow_permissions") != "read":
            wrong.append("a workflow that names no permissions may write")
            fix.append("-f default_workflow_permissions=read")
        if found.get("can_approve_pull_request_reviews") is not False:
            wrong.append("workflows may approve pull requests")
            fix.append("-F can_approve_pull_request_reviews=false")
        if wrong:
            remedy = f"gh api -X PUT {path} {' '.join(fix)}"
            return Otherwise(detail="; ".join(wrong), remedy=remedy)
        return AsWanted(detail="read, and no approvals")

    return Expectation(
        name="rights of workflows",
        item="workflow_rights",
        reads=("GET /actions/permissions/workflow",),
        lost="a workflow can approve what a person should",
        ask=ask,
    )
