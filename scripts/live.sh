#!/usr/bin/env bash
# Tries on an empty scratch repository what we only assume of GitHub, with GITHUB_TOKEN:
# ./scripts/live.sh OWNER/NAME-monokeel-live [--report FILE] [--record FILE]
set -euo pipefail
exec python3 "$(dirname "$(readlink -f "$0")")/dev.py" -s live -- "$@"
