# aider: it has no hooks, and commits by itself; its history is read at the commit. Sourced by
# run.sh.
package=aider-chat version=${AGENT_VERSION:-0.86.2}
hookless=yes

install_driver() {
    python3 -m venv "$prefix"
    "$prefix/bin/pip" install --quiet "$package==$version"
}

start_aider() {
    clean OPENAI_API_BASE="$base/v1" OPENAI_API_KEY=none AIDER_ANALYTICS=false \
        timeout -k 5 200 aider --model "$model_name" --weak-model "$model_name" \
        --edit-format diff --yes-always --no-check-update --no-show-model-warnings \
        --no-show-release-notes --analytics-disable --no-pretty \
        --message "$1" inventory.py
}
