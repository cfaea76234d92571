#!/usr/bin/env python3
"""Measures `git ai-log sync` against git's own fetch and push, and prints a Markdown table.

    benches/sync.py --bin target/release/git-ai-log [--notes 100000] [--rounds 7]

A repository has this many notes of attribution and of prompts, and a branch with a tree of as many
files in as many folders; two clones have it all. In each round the other clone has sent something,
and ours has something new: a commit that adds a file to the branch, which git fetches and pushes,
or a note. The transport is a folder.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import history
import run
from run import Case, Table, apart, git, in_turns, install, ms, new_file

PROMPTS = "refs/notes/ai-log/prompts"


def tree(ref, names, text):
    """A commit with a file for each name."""
    head = f"commit {ref}\ncommitter A <a@example.com> 1 +0000\ndata 5\nfiles".encode()
    return b"\n".join([head, *(add(name, text) for name in names), b""])


def add(name, text):
    return f"M 100644 inline {name[:2]}/{name[2:]}\ndata {len(text)}\n".encode() + text


def make_hub(hub, count):
    """A small project, and as many notes and files."""
    run.make_project(hub, 50)
    names = [hashlib.sha1(str(number).encode()).hexdigest() for number in range(count)]
    lines = [b"    value = alpha(bravo, 1)\n"]
    text = history.note("agent-one", "0", 1_600_000_000, [("a.py", 1, lines)])
    for ref, text in (
            ("refs/heads/files", text), ("refs/notes/ai-log/provenance", text),
            # Nobody has them before they are shared.
            ("refs/prompts",
             b'{"type":"prompt","turn":"p_0123456789abcd","prompt":"go on"}\n')):
        git(hub, "fast-import", "--quiet", stdin=tree(ref, names, text))
    git(hub, "repack", "-a", "-d", "-q")


def make_clone(binary, hub, clone):
    git(hub, "clone", "-q", str(hub), str(clone))
    for name, value in (("gc.auto", "0"), ("maintenance.auto", "false"), ("ai-log.sync", "never"),
                        ("user.name", "A"), ("user.email", "a@example.com")):
        git(clone, "config", name, value)
    git(clone, "checkout", "-q", "-b", clone.name)
    install(clone, binary)
    subprocess.run([binary, "sync"], cwd=clone, check=True, capture_output=True)


def noted(binary, clone, number):
    """A commit of ours, with its note."""
    new_file(binary, clone, f"new_{number}.py", 20, f"{clone.name}-{number}")
    git(clone, "commit", "-q", "-m", "work")


def filed(clone, number):
    """A file more on a branch of the clone's own."""
    branch = f"refs/heads/files-{clone.name}"
    known = subprocess.run(["git", "rev-parse", "-q", "--verify", branch], cwd=clone,
                           capture_output=True).returncode == 0
    start = branch if known else "refs/remotes/origin/files"
    name = hashlib.sha1(f"{clone.name} {number}".encode()).hexdigest()
    git(clone, "fast-import", "--quiet", stdin=f"commit {branch}\ncommitter A <a@example.com> 1 "
        f"+0000\ndata 4\nfile\nfrom {start}^0\n".encode() + add(name, name.encode()) + b"\n")


def measure(binary, ours, other, rounds, numbers):
    push = f"git push -q --no-verify origin files-{{}}"

    def before_git(_):
        for clone in (other, ours):
            filed(clone, next(numbers))
        run.git(other, *push.format("other").split()[1:])

    def before_sync(_):
        for clone in (other, ours):
            apart(noted, binary, clone, next(numbers))
        subprocess.run([binary, "sync"], cwd=other, check=True, capture_output=True)

    cases = [Case(["sh", "-c", f"git fetch -q && {push.format('ours')}"], ours, before_git),
             Case(["git", "ai-log", "sync"], ours, before_sync)]
    in_turns(cases, rounds)
    return cases


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True, type=Path)
    options.add_argument("--notes", type=int, default=100_000)
    options.add_argument("--rounds", type=int, default=7)
    options = options.parse_args()
    binary = str(options.bin.resolve())
    os.environ.update(run.ENVIRONMENT)
    os.environ["PATH"] = f"{Path(binary).parent}{os.pathsep}{os.environ['PATH']}"
    folder = Path(tempfile.mkdtemp(prefix="ai-log-sync-"))
    try:
        hub, ours, other = folder / "hub", folder / "ours", folder / "other"
        apart(make_hub, hub, options.notes)
        for clone in (ours, other):
            apart(make_clone, binary, hub, clone)
        numbers = iter(range(10**6))
        table = Table("command", "CPU, ms", "ratio", "MB")
        for prompts in ("local", "share"):
            if prompts == "share":
                git(hub, "update-ref", PROMPTS, "refs/prompts")
            for clone in (ours, other):
                git(clone, "config", "ai-log.prompts", prompts)
                subprocess.run([binary, "sync"], cwd=clone, check=True, capture_output=True)
            plain, sync = measure(binary, ours, other, options.rounds, numbers)
            table.row("`git fetch` and `git push`, a file more each", ms(plain.ms), "1.00",
                      run.mb(plain.kb))
            what = "attribution" if prompts == "local" else "attribution and of prompts"
            table.row(f"`git ai-log sync`, a note of {what} each", ms(sync.ms),
                      f"{sync.ms / plain.ms:.2f}", run.mb(sync.kb))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
