"""A promotion that every gate lets pass, for the tests to break."""

from datetime import UTC, datetime, timedelta

from monokeel.ground.answers import Found
from monokeel.ground.settings import Environment
from monokeel.promotion.facts import MoveFacts
from monokeel.promotion.ports import Protection
from monokeel.promotion.track_record import TrackRecord
from monokeel.release.artifact import Artifact, TaggedImage
from monokeel.release.record import ReleasedImage, ReleaseRecord

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
COMMIT, OLD = "a" * 40, "b" * 40
DIGEST = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64
DAY = timedelta(days=1)
STAGING = Environment(
    name="staging", soak=timedelta(), prerelease=False, reviewers=False
)
PROD = Environment(name="prod", soak=DAY, prerelease=False, reviewers=True)
RELEASE = ReleaseRecord(
    version="1.4.0",
    commit=COMMIT,
    images=(
        ReleasedImage(service="api", image="ghcr.io/acme/shop/api", digest=DIGEST),
    ),
)
IMAGE = TaggedImage(
    service="api",
    image="acme/shop/api",
    tag="1.4.0",
    released=DIGEST,
    answer=Found(digest=DIGEST),
)
READY = MoveFacts(
    version="1.4.0",
    tag="v1.4.0",
    commit=COMMIT,
    repository="acme/shop",
    lines=("main",),
    environment=PROD,
    now=NOW,
    pointer=OLD,
    left=OLD,
    left_version="1.3.2",
    on_line=True,
    direction="forward",
    previous=STAGING,
    before=TrackRecord(outcome="good", live_for=2 * DAY, live=True),
    release=RELEASE,
    artifact=Artifact(record=RELEASE, images=(IMAGE,)),
    here=TrackRecord(outcome="never"),
    protection=Protection(exists=True, reviewers=True),
)
FREEZE = (NOW + DAY, "holidays")
