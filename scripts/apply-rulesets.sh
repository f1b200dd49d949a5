#!/bin/sh
# Bring GitHub's rulesets in line with infra/rulesets.json: the plan first, then the
# writes. Needs a token of an administrator in GITHUB_TOKEN or GH_TOKEN. Arguments go
# to the task (./inv policy.apply --help).
set -eu
exec "$(dirname -- "$(readlink -f -- "$0")")/../inv" policy.apply "$@"
