#!/usr/bin/env bash
# A local GitHub: "sandbox.sh shell" opens a shell in it, --help says the rest.
set -euo pipefail
exec python3 "$(dirname "$(readlink -f "$0")")/first.py" sandbox "$@"
