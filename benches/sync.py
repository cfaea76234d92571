#!/usr/bin/env python3
"""Measures `git ai-log sync` against git's own fetch and push, and prints a Markdown table.

    benches/sync.py --bin target/release/git-ai-log [--notes 100000] [--rounds 7]

A repository has this many notes of attribution and of prompts, no two the same, and two branches with
a tree of as many files in as many folders; two clones have it all. In each round ours has something
new: a commit that adds a file to a branch, which git fetches and pushes, or a note. The other clone
has sent something of the kind, or has not. The transport is a folder. Once more with so many notes of
prompts that `sync` moves the large ref, which it does once in 256.

The yardsticks of git: one branch; two, as there are two refs of notes; and two of which one has no
history, as the ref of the prompts has none, so that its commit stands on no other.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import history
import run
from run import Case, Table, apart, git, in_turns, install, ms, new_file

PROMPTS = "refs/notes/ai-log/prompts"
BRANCHES = ("files", "more")


def tree(ref, names, text, start=None):
    """A commit with a file for each name, beside those of another commit."""
    head = f"commit {ref}\ncommitter A <a@example.com> 1 +0000\ndata 5\nfiles"
    head += f"\nfrom {start}^0" if start else ""
    return b"\n".join([head.encode(), *(add(name, text(name)) for name in names), b""])


def add(name, text):
    return f"M 100644 inline {name[:2]}/{name[2:]}\ndata {len(text)}\n".encode() + text


def prompt(name):
    record = dict(type="prompt", turn=f"p_{name[:14]}", prompt="go on")
    return f"{json.dumps(record)}\n".encode()


def make_hub(hub, count):
    """A small project, and as many notes and files."""
    run.make_project(hub, 50)
    names = [hashlib.sha1(str(number).encode()).hexdigest() for number in range(count)]
    lines = [b"    value = alpha(bravo, 1)\n"]

    def attribution(agent):
        return lambda name: history.note(agent, name, 1_600_000_000, [("a.py", 1, lines)])

    for ref, text in (
            *((f"refs/heads/{branch}", attribution(branch)) for branch in BRANCHES),
            ("refs/notes/ai-log/provenance", attribution("agent-one")),
            # Nobody has them before they are shared.
            ("refs/prompts", prompt)):
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


def filed(clone, number, branch="files"):
    """A file more on a branch of the clone's own. The branch's name there."""
    own = f"{branch}-{clone.name}"
    known = git(clone, "for-each-ref", "--format=%(refname)", f"refs/heads/{own}")
    start = known or f"refs/remotes/origin/{branch}"
    name = hashlib.sha1(f"{clone.name} {number}".encode()).hexdigest()
    git(clone, "fast-import", "--quiet",
        stdin=tree(f"refs/heads/{own}", [name], str.encode, start))
    return own


def alone(clone, branch):
    """The same files in a commit without a parent. The name of its branch."""
    commit = git(clone, "commit-tree", "-m", "files", f"{branch}^{{tree}}")
    git(clone, "update-ref", f"refs/heads/alone-{clone.name}", commit)
    return f"alone-{clone.name}"


def by_git(ours, other, numbers, work, news):
    """git's own fetch and push, after `work` has been done here, and in the other clone for news."""
    def before(_):
        work(ours, next(numbers))
        if news:
            theirs = work(other, next(numbers))
            git(other, "push", "-q", "--no-verify", "--force", "origin", *theirs)

    branches = " ".join(work(ours, next(numbers)))
    return Case(["sh", "-c", f"git fetch -q && git push -q --no-verify --force origin {branches}"],
                ours, before)


def by_us(binary, ours, other, numbers, news):
    def before(_):
        apart(noted, binary, ours, next(numbers))
        if news:
            apart(noted, binary, other, next(numbers))
            subprocess.run([binary, "sync"], cwd=other, check=True, capture_output=True)

    return Case(["git", "ai-log", "sync"], ours, before)


def many(clone, number):
    """More prompts of ours than may lie beside a large ref."""
    names = [hashlib.sha1(f"{clone.name} {number} {note}".encode()).hexdigest() for note in range(300)]
    git(clone, "fast-import", "--quiet", "--force", stdin=tree("refs/many", names, prompt, PROMPTS))
    git(clone, "update-ref", PROMPTS, git(clone, "commit-tree", "-m", "many", "refs/many^{tree}"))


def one(clone, number):
    return [filed(clone, number)]


def two(clone, number):
    return [filed(clone, number, branch) for branch in BRANCHES]


def one_alone(clone, number):
    first, second = two(clone, number)
    return [first, alone(clone, second)]


def told(table, cases, news, rounds):
    """Runs the cases in turns; the first is the yardstick."""
    in_turns(list(cases.values()), rounds)
    plain = next(iter(cases.values()))
    there = "one" if news else "none"
    for text, case in cases.items():
        table.row(text, there, ms(case.ms), f"{case.ms / plain.ms:.2f}", run.mb(case.kb))


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
        table = Table("command", "new there", "CPU, ms", "ratio", "MB")
        rows = {"`git fetch` and `git push`, a file more": one}
        both = {"the same of two branches": two}
        for prompts, more in (("local", {}), ("share", both)):
            if prompts == "share":
                git(hub, "update-ref", PROMPTS, "refs/prompts")
            for clone in (ours, other):
                git(clone, "config", "ai-log.prompts", prompts)
                subprocess.run([binary, "sync"], cwd=clone, check=True, capture_output=True)
            what = "attribution" if prompts == "local" else "attribution and of prompts"
            for news in (False, True):
                cases = {text: by_git(ours, other, numbers, work, news)
                         for text, work in (rows | more).items()}
                cases[f"`git ai-log sync`, a note of {what}"] = by_us(
                    binary, ours, other, numbers, news)
                told(table, cases, news, options.rounds)
        cases = {text: by_git(ours, other, numbers, work, False)
                 for text, work in (rows | both).items()}
        cases["`git ai-log sync`, 300 notes of prompts, which compacts"] = Case(
            ["git", "ai-log", "sync"], ours, lambda _: apart(many, ours, next(numbers)))
        told(table, cases, False, min(options.rounds, 3))
        # Last: each time git sends the whole tree again.
        last = rows | {"the same of two branches, one of them without history": one_alone}
        told(table, {text: by_git(ours, other, numbers, work, True)
                     for text, work in last.items()}, True, min(options.rounds, 3))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
