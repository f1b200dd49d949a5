#!/usr/bin/env bash
# The whole life of a monorepo on a local GitHub. --keep leaves that GitHub running and
# says how to look around; --help says the rest.
set -euo pipefail
exec python3 "$(dirname "$(readlink -f "$0")")/first.py" sandbox.demo "$@"
