"""What a pull request holds: commits, files, reviews, comments."""

from sandbox import shapes
from sandbox.issues import comment_shape, find
from sandbox.merging import changes_of, commits_of
from sandbox.pages import listed
from sandbox.pulls import find_pull, review_shape
from sandbox.routing import route
from sandbox.state import State
from sandbox.wire import Call, Json, Reply, no_content, not_found


@route("GET", "/R/pulls/{number}/commits", "pull_requests:read")
def list_commits(state: State, call: Call) -> Reply:
    """List the commits, oldest first."""
    _, pull = find_pull(state, call)
    shown: list[Json] = [shapes.commit(state, each) for each in commits_of(state, pull)]
    return listed(state, call, shown)


@route("GET", "/R/pulls/{number}/files", "pull_requests:read")
def list_files(state: State, call: Call) -> Reply:
    """List the files that change, with their lines; without their patches."""
    _, pull = find_pull(state, call)
    api, html = state.identity.api, state.identity.html
    shown: list[Json] = [
        {
            "sha": file.blob,
            "filename": file.path,
            "status": file.status,
            "additions": file.additions,
            "deletions": file.deletions,
            "changes": file.additions + file.deletions,
            "blob_url": f"{html}/blob/{pull.head_sha}/{file.path}",
            "raw_url": f"{html}/raw/{pull.head_sha}/{file.path}",
            "contents_url": f"{api}/contents/{file.path}?ref={pull.head_sha}",
        }
        for file in changes_of(state, pull)
    ]
    return listed(state, call, shown)


@route("GET", "/R/pulls/{number}/reviews", "pull_requests:read")
def list_reviews(state: State, call: Call) -> Reply:
    """List the reviews, oldest first."""
    issue, pull = find_pull(state, call)
    shown: list[Json] = [review_shape(state, issue, one) for one in pull.reviews]
    return listed(state, call, shown)


@route("GET", "/R/pulls/{number}/merge", "contents:read")
def is_merged(state: State, call: Call) -> Reply:
    """Say by 204 that it was merged, by 404 that it was not."""
    _, pull = find_pull(state, call)
    if pull.merged_at is None:
        raise not_found()
    return no_content()


@route("GET", "/R/issues/{number}/comments", "issues:read")
def list_comments(state: State, call: Call) -> Reply:
    """List the comments, oldest first."""
    issue = find(state, call)
    shown: list[Json] = [comment_shape(state, issue, one) for one in issue.comments]
    return listed(state, call, shown)
