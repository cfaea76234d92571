#!/bin/sh
# git ai-log beside the real pre-commit, prek, lefthook and husky.
#
#   frameworks.sh PATH-TO-GIT-AI-LOG
#
# For each of them: a commit that holds lines of an agent's and of a person's, with unstaged
# changes beside, must come out with the right owners. pre-commit and prek come from PyPI; lefthook
# and husky from npm, where npm is there. Nothing is compiled: the ids of .pre-commit-hooks.yaml
# are used with `language: system`. Needs git, python3 with venv, and a network for the first
# run; FRAMEWORKS_LAB names a folder where what was fetched stays. Prints one line for each case,
# and exits 1 if one failed.
set -u

here=$(cd "$(dirname "$0")/.." && pwd)
tool=${1:?usage: frameworks.sh PATH-TO-GIT-AI-LOG}
tool=$(cd "$(dirname "$tool")" && pwd)/$(basename "$tool")
[ -x "$tool" ] || { echo "frameworks.sh: $tool is no program" >&2; exit 2; }

work=$(mktemp -d "${TMPDIR:-/tmp}/git-ai-log-frameworks.XXXXXX") || exit 2
work=$(cd "$work" && pwd -P)
trap 'rm -rf "$work"' 0
trap 'exit 130' 1 2 15
lab=${FRAMEWORKS_LAB:-$work/lab}
mkdir -p "$lab" "$work/bin" "$work/home"
lab=$(cd "$lab" && pwd -P)
ln -s "$tool" "$work/bin/git-ai-log"
passed=0
failed=0

# ---- fetching

fetch() {
    [ -d "$lab/venv" ] || python3 -m venv "$lab/venv" || exit 2
    "$lab/venv/bin/pip" install --quiet --disable-pip-version-check \
        pre-commit==4.7.0 prek==0.5.11 || exit 2
    with_npm=no
    if command -v npm >/dev/null; then
        with_npm=yes
        # No install scripts: lefthook's sets itself up in whatever repository this is run from.
        npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$lab/npm" \
            lefthook@2.2.2 husky@9.1.7 >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 2; }
    fi
}

# ---- playing

# A command in the sealed repository.
clean() {
    ( cd "$repo" && exec env -i HOME="$work/home" TMPDIR="$work" LC_ALL=C.UTF-8 \
        PATH="$work/bin:$lab/venv/bin:$lab/npm/node_modules/.bin:$PATH" \
        PRE_COMMIT_HOME="$work/pre-commit" PREK_HOME="$work/prek" \
        GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 \
        GIT_AUTHOR_NAME=Dev GIT_AUTHOR_EMAIL=dev@example.com \
        GIT_COMMITTER_NAME=Dev GIT_COMMITTER_EMAIL=dev@example.com "$@" )
}

# The same, quiet; what it says is shown if the case fails.
quietly() { clean "$@" >>"$work/log" 2>&1; }

# One event of Claude Code's: event, further fields of the payload.
record() {
    printf '{"session_id":"s-1","cwd":"%s","prompt_id":"p-1","hook_event_name":"%s",%s}' \
        "$repo" "$1" "$2" | clean git-ai-log record claude-code
}

# The agent replaces a line by several: call, file, old, new (with \n as \\n).
edit() {
    input=$(printf '"tool_name":"Edit","tool_use_id":"%s","tool_input":{"file_path":"%s/%s","old_string":"%s","new_string":"%s"}' \
        "$1" "$repo" "$2" "$3" "$4")
    before=$(awk '{ printf "%s\\n", $0 }' "$repo/$2")
    record PreToolUse "$input"
    awk -v old="$3" -v new="$4" '$0 == old { print new; next } { print }' \
        "$repo/$2" >"$work/new" && cp "$work/new" "$repo/$2"
    record PostToolUse "$input,\"tool_response\":{\"originalFile\":\"$before\"}"
}

# A fresh repository in which a person has committed two files.
start() {
    : >"$work/log"
    repo=$work/$1
    mkdir -p "$repo"
    clean git init --quiet --initial-branch=main --template=
    # lefthook and others expect this folder.
    mkdir -p "$repo/.git/hooks"
    printf 'one\ntwo\nthree\nfour\nfive\n' >"$repo/a.txt"
    printf 'six\nseven\n' >"$repo/b.txt"
    clean git add a.txt b.txt
    clean git commit --quiet --no-verify -m first
}

# An agent and a person at work. Staged: a line of each. Not staged: another line of each.
play() {
    record UserPromptSubmit '"prompt":"add lines"'
    edit call-1 a.txt two 'two\nby the agent'
    awk '{ print } $0 == "four" { print "by the person" }' "$repo/a.txt" >"$work/new"
    cp "$work/new" "$repo/a.txt"
    clean git add a.txt
    edit call-2 b.txt six 'six\nby the agent, later'
    printf 'by the person, later\n' >>"$repo/a.txt"
}

commit() {
    quietly git commit --quiet -m "$1" || say "git commit -m $1 failed"
}

# ---- judging

say() { echo "$*" >>"$work/log"; wrong=yes; }

# The owners of a file at HEAD, one word a line.
owners() {
    clean git ai-log blame --json HEAD "$1" 2>>"$work/log" | python3 -c '
import json, sys
for line in json.load(sys.stdin)["lines"]:
    agent = line["agent"] or "-"
    print(line["contributor"], agent, line["text"])' 2>>"$work/log"
}

expect() {
    owners "$1" >"$work/seen"
    printf "$2" >"$work/wanted"
    cmp -s "$work/seen" "$work/wanted" || {
        say "owners of $1, wanted and seen:"
        cat "$work/wanted" "$work/seen" >>"$work/log"
    }
}

# The commit has the staged lines with their owners, and what was not staged is still there.
# Before our hooks ran nobody can say who wrote the first lines.
judge() {
    expect a.txt "$(printf 'unknown - %s\\n' one two)ai claude-code by the agent\\nunknown - three\\nunknown - four\\nhuman - by the person\\nunknown - five\\n"
    [ "$(tail -n 1 "$repo/a.txt")" = 'by the person, later' ] || say 'the unstaged line is gone'
    clean git diff --cached --quiet || say 'something is still staged'
    notes=$(clean git notes --ref ai-log/provenance list 2>/dev/null | wc -l)
    [ "$notes" -ge 1 ] || say 'there is no note'
}

# What was not staged then is committed: it survived being put aside.
judge_later() {
    clean git add a.txt b.txt
    commit later
    expect b.txt 'unknown - six\nai claude-code by the agent, later\nunknown - seven\n'
    owners a.txt | grep -q '^human - by the person, later$' || say 'the later line is not human'
}

# An amended commit keeps its lines.
judge_amended() {
    quietly git commit --quiet --amend -m 'later, in other words' || say 'the amend failed'
    expect b.txt 'unknown - six\nai claude-code by the agent, later\nunknown - seven\n'
}

# What an agent wrote and the checklist does not let pass is blocked, and passes when it is mended.
judge_gate() {
    write call-3 'try:\n    pay()\nexcept Exception:\n    pass\n'
    before=$(clean git rev-parse HEAD)
    quietly git commit --quiet -m bad && say 'the gate let a fault pass'
    grep -q 'error-handling/' "$work/log" || say 'the gate did not say what is wrong'
    [ "$(clean git rev-parse HEAD)" = "$before" ] || say 'there is a commit all the same'
    write call-4 'try:\n    pay()\nexcept OSError:\n    raise\n'
    commit good
    clean git ai-log show --json | grep -q '"gate":"gated"' || say 'the commit was not gated'
}

# The agent writes the payment file whole, and it is staged: call, content (with \n as \\n).
write() {
    input=$(printf '"tool_name":"Write","tool_use_id":"%s","tool_input":{"file_path":"%s/pay.py","content":"%s"}' \
        "$1" "$repo" "$2")
    record PreToolUse "$input"
    printf '%b' "$2" >"$repo/pay.py"
    record PostToolUse "$input"
    clean git add pay.py
}

all() {
    play
    commit work
    judge
    judge_later
    judge_amended
    judge_gate
}

# Runs one case and prints its line.
check() {
    wrong=no
    case_name=$1
    shift
    start "case-$((passed + failed))"
    "$@"
    if [ "$wrong" = no ]; then
        passed=$((passed + 1))
        echo "ok    $case_name"
    else
        failed=$((failed + 1))
        echo "FAIL  $case_name"
        sed 's/^/      /' "$work/log"
    fi
}

# ---- pre-commit and prek

stages='pre-commit, post-commit, post-merge, post-rewrite, pre-push'

# The repository's own ids, each with the program that is built already.
ids() {
    hooks=$work/hooks
    [ -d "$hooks" ] || {
        mkdir "$hooks"
        sed 's/language: rust/language: system/' "$here/.pre-commit-hooks.yaml" \
            >"$hooks/.pre-commit-hooks.yaml"
        was=$repo
        repo=$hooks
        clean git init --quiet --initial-branch=main
        clean git add -A
        clean git commit --quiet -m hooks
        repo=$was
    }
}

config_with_ids() {
    ids
    cat >"$repo/.pre-commit-config.yaml" <<END
default_install_hook_types: [$stages]
repos:
- repo: $hooks
  rev: $(git -C "$hooks" rev-parse HEAD)
  hooks:
  - id: ai-log-pre-commit
  - id: ai-log-post-commit
  - id: ai-log-post-merge
  - id: ai-log-post-rewrite
  - id: ai-log-pre-push
END
    clean git add .pre-commit-config.yaml
}

# A team that uses the framework for other things, at every stage.
config_without_us() {
    cat >"$repo/.pre-commit-config.yaml" <<END
default_install_hook_types: [$stages]
repos:
- repo: local
  hooks:
  - id: other
    name: another hook
    entry: sh -c 'echo ran >>.git/other'
    language: system
    stages: [$stages]
    pass_filenames: false
    always_run: true
END
    clean git add .pre-commit-config.yaml
}

# Once, without installing anything.
tried() {
    ids
    play
    commit work
    [ -z "$(clean git notes --ref ai-log/provenance list 2>/dev/null)" ] || say 'noted too early'
    case $1 in
    pre-commit) quietly pre-commit try-repo "$hooks" ai-log-post-commit \
        --hook-stage post-commit --all-files || say 'try-repo failed' ;;
    prek) quietly prek try-repo "$hooks" ai-log-post-commit \
        --hook-stage post-commit --all-files || say 'try-repo failed' ;;
    esac
    judge
}

installed() {
    config_with_ids
    quietly "$1" install || say "$1 install failed"
    all
    healthy
}

ours_first() {
    config_without_us
    quietly git ai-log install --no-agents || say 'our install failed'
    quietly "$1" install || say "$1 install failed"
    all
    other_ran
    healthy
}

ours_last() {
    config_without_us
    quietly "$1" install || say "$1 install failed"
    quietly git ai-log install --no-agents || say 'our install failed'
    all
    other_ran
    healthy
}

other_ran() { [ -s "$repo/.git/other" ] || say 'the other hook did not run'; }

# Nothing fails; warnings may stand.
healthy() { quietly git ai-log doctor || say 'doctor found a fault'; }

# Doctor must say so where we are not called, and its mend must help. From git 2.54 on our hooks are
# in git's configuration, where no framework reaches.
mended() {
    ! clean git config --get-regexp '^hook\.ai-log-' >/dev/null || return 0
    quietly git ai-log doctor && say 'doctor found no fault'
    quietly git ai-log install --no-agents || say 'our install failed'
    healthy
}

# ---- lefthook and husky

lefthook_config() {
    printf '%s:\n  jobs:\n  - run: echo ran >>.git/other\n' "$@" >"$repo/lefthook.yml"
    clean git add lefthook.yml
}

lefthook_calls_us() {
    lefthook_config prepare-commit-msg
    for hook in pre-commit post-commit post-merge post-rewrite pre-push; do
        printf '%s:\n  jobs:\n  - run: git-ai-log hook %s {0}\n    use_stdin: true\n' $hook $hook
    done >>"$repo/lefthook.yml"
    clean git add lefthook.yml
    quietly lefthook install || say 'lefthook install failed'
    all
    other_ran
    healthy
}

lefthook_beside() {
    lefthook_config prepare-commit-msg
    quietly git ai-log install --no-agents || say 'our install failed'
    quietly lefthook install || say 'lefthook install failed'
    all
    other_ran
    healthy
}

lefthook_takes_our_place() {
    lefthook_config post-commit
    quietly git ai-log install --no-agents || say 'our install failed'
    quietly lefthook install || say 'lefthook install failed'
    mended
    all
    other_ran
}

lefthook_first() {
    lefthook_config post-commit
    quietly lefthook install || say 'lefthook install failed'
    quietly git ai-log install --no-agents || say 'our install failed'
    all
    other_ran
    healthy
}

husky_install() {
    printf '{"name":"x","private":true}\n' >"$repo/package.json"
    quietly husky || say 'husky failed'
    echo 'echo ran >>.git/other' >"$repo/.husky/post-commit"
    clean git add package.json .husky
}

husky_first() {
    husky_install
    quietly git ai-log install --no-agents || say 'our install failed'
    clean git add .husky
    all
    other_ran
    healthy
}

husky_last() {
    quietly git ai-log install --no-agents || say 'our install failed'
    husky_install
    mended
    clean git add .husky
    all
    other_ran
}

fetch
for framework in pre-commit prek; do
    check "$framework: try-repo" tried $framework
    check "$framework: our ids, installed" installed $framework
    check "$framework: after git ai-log install" ours_first $framework
    check "$framework: before git ai-log install" ours_last $framework
done
if [ "$with_npm" = yes ]; then
    check 'lefthook: its configuration calls us' lefthook_calls_us
    check 'lefthook: after git ai-log install, beside our hooks' lefthook_beside
    check 'lefthook: after git ai-log install, in the place of a hook' lefthook_takes_our_place
    check 'lefthook: before git ai-log install' lefthook_first
    check 'husky: before git ai-log install' husky_first
    check 'husky: after git ai-log install' husky_last
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
