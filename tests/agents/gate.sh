#!/bin/sh
# The gate in a real agent's own loop: a secret that the agent writes is reported back to it when
# it would end its turn; its `git commit -n` is denied; its commit with the finding open is
# blocked; after the mend the commit passes.
#
#   gate.sh claude-code|cline|codex|copilot-cli|droid|gemini|opencode|qwen|vibe
#
# opencode and Cline are told nothing at a turn's end: they are only denied and blocked. Gemini
# CLI commits without hooks: it is told and denied, and nothing blocks its commit.
# README.md tells what this needs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
exec "$here/run.sh" "${1:?usage: gate.sh claude-code|cline|codex|copilot-cli|droid|gemini|opencode|qwen|vibe}" "gate-$1"
