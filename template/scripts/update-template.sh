#!/bin/sh
# Bring the newest template in, on a branch of its own. Without an argument it comes
# from where this repository was made.
# usage: scripts/update-template.sh [OWNER/REPO [OPTION...]]
set -eu
inv="$(dirname -- "$(readlink -f -- "$0")")/../inv"
case "${1-}" in
"" | -*) exec "$inv" template.update "$@" ;;
*) source=$1 && shift && exec "$inv" template.update --source "$source" "$@" ;;
esac
