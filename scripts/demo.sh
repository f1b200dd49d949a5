#!/usr/bin/env bash
# The whole life of a monorepo on a local GitHub, in half a minute.
# -- --keep leaves the local GitHub running and says how to look around.
set -euo pipefail
exec python3 "$(dirname "$0")/dev.py" -s demo "$@"
