#!/usr/bin/env python3
"""Measures what many notes cost, and prints Markdown tables.

    benches/notes.py --bin target/release/git-ai-log [--quick] [--only repair]

`repair` of a history whose commits have lost their notes, against as many notes of the commits
that they were; beside it git's own `git log -p` of the same range. And a commit with our hooks in a
repository with many notes and in one with few. Nothing here fails because something was slow.
"""

import argparse
import hashlib
import os
import random
import shutil
import tempfile
from pathlib import Path

import history
import run
from run import Case, Table, apart, git, in_turns, init, install, ms, new_file, spawn


def work(rng, number):
    """Eight lines that no other commit has."""
    return [f"    value_{number}_{n} = {rng.choice(run.WORDS)}({rng.choice(run.WORDS)}, {number})\n"
            for n in range(8)]


def rewritten(repo, commits):
    """A history in which every commit is another one than its note names."""
    rng = random.Random(5)
    init(repo)
    texts = {f"src/part_{n}.py": [] for n in range(40)}
    out, notes = [], []
    for number in range(commits):
        path = rng.choice(sorted(texts))
        lines = work(rng, number)
        # The file stays as long as it is: the oldest lines go.
        texts[path] = (texts[path] + lines)[-400:]
        start = len(texts[path]) - len(lines) + 1
        body = "".join(texts[path])
        when = 1_600_000_000 + number * 60
        out.append(f"commit refs/heads/main\ncommitter A <a@example.com> {when} +0000\ndata 4\n"
                   f"work\nM 100644 inline {path}\ndata {len(body)}\n{body}\n")
        gone = hashlib.sha1(f"gone {number}".encode()).hexdigest()
        added = [(path, start, [line.encode() for line in lines])]
        notes.append((gone, history.note("agent-one", gone, when - 30, added)))
    git(repo, "fast-import", "--quiet", stdin="".join(out).encode())
    history.write_notes(repo, notes)


def repairs(binary, folder, sizes):
    table = Table("commits without a note", "notes", "repair, ms", "`git log -p`, ms", "ratio",
                  "repair, ms a commit", "repair, MB")
    for size in sizes:
        repo = folder / f"repair-{size}"
        apart(rewritten, repo, size)
        # A dry run does all but write, and can be run again.
        repair = Case([binary, "repair", "--dry-run", "main"], repo)
        log = Case(["git", "log", "-p", "main"], repo)
        in_turns([repair, log], 3, warm=1)
        spawn([binary, "repair", "main"], repo)
        found = git(repo, "notes", "--ref", "ai-log/provenance", "list").count("\n") + 1 - size
        share = f"{size}" if found == size else f"{size} ({found} found)"
        table.row(share, str(size), ms(repair.ms), ms(log.ms), f"{repair.ms / log.ms:.2f}",
                  f"{repair.ms / size:.2f}", run.mb(repair.kb))
        shutil.rmtree(repo)


def noted(binary, repo, count):
    """A project in which this many other commits have a note."""
    run.make_project(repo, 50)
    lines = [b"    value = alpha(bravo, 1)\n"]
    names = (hashlib.sha1(f"{count} {number}".encode()).hexdigest() for number in range(count))
    text = history.note("agent-one", "0", 1_600_000_000, [("a.py", 1, lines)])
    history.write_notes(repo, [(name, text) for name in names])
    install(repo, binary)
    # The sync that brings notes reads them.
    spawn([binary, "repair", "--dry-run", "HEAD"], repo)


def commits(binary, folder, sizes):
    cases, repos = [], []
    for size in sizes:
        repo = folder / f"noted-{size}"
        apart(noted, binary, repo, size)

        def before(number, repo=repo):
            apart(new_file, binary, repo, f"new_{number}.rs", 50, f"s{number}")

        cases.append(Case(["git", "commit", "-q", "-m", "work"], repo, before))
        repos.append(repo)
    in_turns(cases, 25)
    table = Table("notes", "commit with hooks, ms", "to the first")
    for size, case in zip(sizes, cases):
        table.row(str(size), ms(case.ms), f"{case.ms / cases[0].ms:.2f}")


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--bin", required=True, type=Path)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--only", choices=("repair", "commit"))
    options = options.parse_args()
    binary = str(options.bin.resolve())
    os.environ.update(run.ENVIRONMENT)
    os.environ["PATH"] = f"{Path(binary).parent}{os.pathsep}{os.environ['PATH']}"
    folder = Path(tempfile.mkdtemp(prefix="ai-log-notes-"))
    try:
        if options.only != "commit":
            repairs(binary, folder, (250, 500) if options.quick else (2_500, 5_000, 10_000))
            print()
        if options.only != "repair":
            commits(binary, folder, (100, 1_000) if options.quick else (100, 100_000))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
