#!/bin/sh
# Backfill of a real agent's session: the same play as run.sh's without any hook, then
# `git ai-log backfill`, and what it found is counted against the truth.
#
#   backfill.sh AGENT      claude-code, codex, or a name of drivers/
#
# README.md tells what this needs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export UNHOOKED=yes
exec "$here/run.sh" "${1:?usage: backfill.sh AGENT}"
