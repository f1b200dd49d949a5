#!/usr/bin/env bash
# All checks of this repository: lint, then the tests. Arguments go to nox.
set -euo pipefail
exec python3 "$(dirname "$(readlink -f "$0")")/dev.py" -s lint tests "$@"
