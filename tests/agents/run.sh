#!/bin/sh
# Lets a real coding agent play a scenario under git ai-log, and checks what was recorded.
#
#   run.sh AGENT [SCENARIO]      SCENARIO: a name in scenarios/, or a path
#
# AGENT is claude-code, codex, or one that has a file in drivers/.
#
# The agent is real, its model is mock_model.py. README.md tells what this needs. Exits 0 when
# all is as expected, 1 when not, 2 when the play itself did not come to its end.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
agent=${1:?usage: run.sh AGENT [SCENARIO]}
scenario=${2:-$agent}
case $scenario in
    */*) scenario=$(cd "$(dirname "$scenario")" && pwd)/$(basename "$scenario") ;;
    *) scenario=$here/scenarios/$scenario.json ;;
esac
lab=${AGENT_LAB:-${TMPDIR:-/tmp}/git-ai-log-agents}
mkdir -p "$lab"
lab=$(cd "$lab" && pwd -P)
run=$lab/run-$(basename "$scenario" .json)
home=$run/home
project=$home/shop
logs=$run/logs

# The versions that the scenarios were written with.
case $agent in
    claude-code) package=@anthropic-ai/claude-code version=${AGENT_VERSION:-2.1.330} ;;
    codex) package=@openai/codex version=${AGENT_VERSION:-0.169.0} ;;
    *)
        [ -f "$here/drivers/$agent.sh" ] || { echo "run.sh: no such agent: $agent" >&2; exit 2; }
        package= version=
        . "$here/drivers/$agent.sh"
        ;;
esac
prefix=$lab/$agent-$version

say() { printf '%s\n' "$*" >&2; }
fail() { say "run.sh: $*"; exit 2; }

# What the scenario holds under the given keys.
scene() { python3 -B "$here/scenario.py" "$scenario" "$@"; }

model_name=${AGENT_MODEL:-$(scene model)}

# Runs a command in the project with nothing of this shell's environment but what is named:
# a run under an agent must not look like a part of that agent's session.
clean() {
    ( cd "$project" && exec env -i HOME="$home" PATH="$run/bin:$prefix/node_modules/.bin:$prefix/bin:$PATH" \
        LANG=C.UTF-8 TERM=dumb GIT_CONFIG_NOSYSTEM=1 "$@" )
}

# ---- before the namespace

find_tool() {
    for need in git python3 node npm timeout; do
        command -v "$need" >/dev/null || fail "$need is needed"
    done
    tool=${GIT_AI_LOG:-$(command -v git-ai-log || true)}
    [ -x "$tool" ] || fail "no git-ai-log on PATH; or set GIT_AI_LOG to the binary"
    tool=$(cd "$(dirname "$tool")" && pwd)/$(basename "$tool")
}

install_agent() {
    [ -d "$prefix/node_modules/$package" ] || [ -d "$prefix/bin" ] && return
    say "installing $package@$version into $prefix"
    mkdir -p "$prefix"
    if command -v install_driver >/dev/null; then
        install_driver
        return
    fi
    npm install --silent --no-fund --no-audit --prefix "$prefix" "$package@$version"
    # Claude Code's npm package fetches its program in an install script, which npm can be
    # told not to run. The program is there all the same, in the package of the platform.
    program=$(ls "$prefix"/node_modules/"$package"-*/claude 2>/dev/null | head -n 1)
    [ -z "$program" ] || ln -sf "$program" "$prefix/node_modules/.bin/claude"
}

# Starts this script again in namespaces of its own, where there is no network but loopback
# and where whatever the agent leaves running ends with the run.
isolate() {
    as_root=
    [ "$(id -u)" = 0 ] || as_root=--map-root-user
    set -- unshare $as_root --net --pid --fork --kill-child --mount-proc
    if "$@" ip link set lo up 2>/dev/null; then
        export GIT_AI_LOG="$tool" ISOLATED=yes
        exec "$@" "$here/run.sh" "$agent" "$scenario"
    fi
    say "no namespaces here (unshare is not permitted, or unshare or ip is missing):"
    say "the agent runs with the network this machine has"
}

# ---- the stage

make_project() {
    rm -rf "$run"
    mkdir -p "$project" "$logs/requests" "$run/bin"
    ln -s "$tool" "$run/bin/git-ai-log"
    clean git config --global user.name Dev
    clean git config --global user.email dev@example.com
    clean git config --global init.defaultBranch main
    clean git init -q
    for file in $(scene files); do
        scene files "$file" >"$project/$file"
    done
    clean git add -A
    clean git commit -q -m 'Open the shop'
}

start_model() {
    python3 -B "$here/mock_model.py" "$scenario" --set CWD="$project" --port-file "$run/port" \
        --bodies "$logs/requests" >"$logs/model.log" 2>&1 &
    model=$!
    trap 'kill "$model" 2>/dev/null || true' EXIT
    tries=0
    until [ -s "$run/port" ]; do
        tries=$((tries + 1))
        [ "$tries" -le 100 ] || fail "the model did not start: $(cat "$logs/model.log")"
        sleep 0.1
    done
    base=http://127.0.0.1:$(cat "$run/port")
}

# What a person has in the agent's own settings before git ai-log comes.
configure_agent() {
    if command -v configure_driver >/dev/null; then
        configure_driver
    fi
    [ "$agent" = codex ] || return 0
    mkdir -p "$home/.codex"
    cat >"$home/.codex/config.toml" <<END
model = "$model_name"
model_provider = "scripted"

[model_providers.scripted]
name = "scripted"
base_url = "$base/v1"
env_key = "OPENAI_API_KEY"
wire_api = "responses"

[projects."$project"]
trust_level = "trusted"
END
}

# The one step that makes the agent report to git ai-log.
install_capture() {
    # HOOKS_OF names other agents whose hooks are installed: some run those, too.
    how=
    for name in ${HOOKS_OF:-$agent}; do
        how="$how --agent $name"
    done
    # Nothing calls us but git.
    [ -z "${hookless:-}" ] || how=--no-agents
    clean git ai-log install $how >"$logs/install.log" 2>&1 </dev/null ||
        fail "git ai-log install failed: $(cat "$logs/install.log")"
}

# ---- the play

# start_agent PROMPT [again]: one headless call; "again" goes on with the same session.
start_claude_code() {
    set -- -p "$1" ${2:+--continue}
    clean ANTHROPIC_BASE_URL="$base" ANTHROPIC_API_KEY=none DISABLE_AUTOUPDATER=1 \
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 CLAUDE_CODE_TMPDIR="$home" \
        timeout -k 5 120 claude "$@" --model "$model_name" --permission-mode acceptEdits \
        --allowedTools Bash Agent --output-format stream-json --verbose
}

start_codex() {
    prompt=$1
    set -- ${2:+resume --last}
    # CODEX_BYPASS_TRUST=yes also runs hooks whose hash is not in config.toml.
    [ "${CODEX_BYPASS_TRUST:-}" != yes ] || set -- --dangerously-bypass-hook-trust "$@"
    # A sandbox with a read-only .git would keep the agent from committing.
    clean OPENAI_API_KEY=none timeout -k 5 120 codex exec --json \
        --sandbox danger-full-access "$@" "$prompt"
}

play() {
    number=0
    again=
    while kind=$(scene play "$number") && [ -n "$kind" ]; do
        if [ "$kind" = prompt ]; then
            turn=$(scene play "$number" prompt)
            say "agent: $turn"
            "start_$(echo "$agent" | tr - _)" "$(scene turns "$turn" prompt)" $again \
                >>"$logs/agent.log" 2>&1 </dev/null || fail "$agent ended with $?; see $logs/agent.log"
            again=again
        else
            say "person: step $number"
            scene play "$number" person >"$run/person.sh"
            clean sh -eu "$run/person.sh" >>"$logs/person.log" 2>&1 </dev/null ||
                fail "the person's step $number failed: $(cat "$logs/person.log")"
        fi
        number=$((number + 1))
    done
}

if [ "${ISOLATED:-}" != yes ]; then
    find_tool
    install_agent
    isolate
else
    tool=$GIT_AI_LOG
    ip link set lo up
fi
make_project
start_model
configure_agent
# UNHOOKED=yes plays without any hook; then the sessions that the agent keeps are all that tells.
[ "${UNHOOKED:-}" = yes ] || install_capture
play
say "logs: $logs"
check=$(scene check)
if [ "${UNHOOKED:-}" = yes ]; then
    check=expect_backfill.py
    clean git ai-log backfill >&2
fi
clean python3 -B "$here/${check:-expect.py}" "$scenario" \
    --model "$model_name" --log "$logs/model.log"
