"""How a sandbox starts: as GitHub does when nobody changed a setting.

Each field is a switch of the same name: of ``Sandbox.switches``, those of images of
``Sandbox.images.switches``.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Where GitHub is less kind than one thinks; the values are GitHub's."""

    # The first push of an empty repository needs the workflow right as every other
    # (railsgirls#675, python-cookiecutter#33).
    first_push_needs_right: bool = True
    # So do classic tokens and gh's (scope `workflow`): flashcatcloud/categraf#34,
    # sapling#1299.
    classic_needs_workflow_scope: bool = True
    # Organizations forbid deploy keys until an owner allows them (docs "Restricting
    # deploy keys in your organization"; changelog 2024-10-24). People do not.
    organization_deploy_keys: bool = False
    # A key made by the API goes when the token that made it is deleted (docs "REST:
    # deploy keys"; fluxcd/flux2#619, codeforamerica/chime#84).
    keys_go_with_token: bool = True
    # Branch policies of Environments need a paid plan in private repositories
    # (terraform-provider-github#1311, pulumi-github#251).
    branch_policy_needs_plan: bool = True
    # The settings decide the words of a merge, and of one commit a squash takes the
    # commit's (semantic-release#2361, conbench#666, electron#27276).
    merge_follows_settings: bool = True
    # An App gets no token for more than it has (promptfoo#8802,
    # workflow-application-token-action#48).
    app_token_within_rights: bool = True
    # The documentation names no 422 for a branch that is not there; our own notes do
    # (unverified).
    missing_branch_has_no_activity: bool = True
    # The longest texts: ncipollo/release-action#493; release-please#1034.
    longest_release_body: int = 125_000
    longest_issue_body: int = 65_536
    longest_title: int = 256  # repo-automation-bots#1895, opencode#3723
    # GitHub Packages takes classic tokens and GITHUB_TOKEN only (docs "Working with
    # the Container registry"; docker/login-action#331; Apps: octo-sts/app#840).
    images_need_classic_token: bool = True
    # A tag is missing for seconds after its push (pithead#429, terento#165,
    # k8s-test-infra#390); how often is unknown, so this number is a choice.
    images_stale_reads: int = 1
    # The first publish is private (docs "Configuring a package's access control"); it
    # was seen public as well (drizzle-orm#6005).
    images_start_public: bool = False


GITHUB = Defaults()
