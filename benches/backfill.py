#!/usr/bin/env python3
"""Measures `backfill`, and prints a Markdown table.

    benches/backfill.py --bin target/release/git-ai-log [--sessions 1000] [--commits 10000]

A repository without any note, and the transcripts of the sessions that worked in it: each of about
one megabyte, most of it texts of files that the agent read and changed, as in real ones. In every
commit an agent changes two files and a person one of them. Every line says whose it is, so that
what the notes say can be counted. Beside it git's own `git log -p` of the same history. Nothing
here fails because something was slow.
"""

import argparse
import json
import os
import random
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import run
from run import Case, Table, apart, git, in_turns, init, ms, spawn

START = 1_600_000_000
FILES = 200
SIZE = 1_000_000


def stamp(second):
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Session:
    """A transcript of Claude Code."""

    def __init__(self, folder, name, cwd):
        self.path, self.name, self.cwd, self.lines, self.calls = folder / f"{name}.jsonl", name, cwd, [], 0

    def put(self, second, **line):
        common = {"sessionId": self.name, "cwd": str(self.cwd), "isSidechain": False,
                  "timestamp": stamp(second)}
        self.lines.append(json.dumps({**common, **line}))

    def prompt(self, second, text):
        self.turn = f"{self.name}-{len(self.lines)}"
        self.put(second, type="user", promptId=self.turn, message={"role": "user", "content": text})

    def call(self, second, tool, given, response):
        self.calls += 1
        name = f"toolu_{self.calls}"
        block = {"type": "tool_use", "id": name, "name": tool, "input": given}
        self.put(second, type="assistant",
                 message={"role": "assistant", "model": "model-1", "content": [block]})
        result = {"type": "tool_result", "tool_use_id": name, "is_error": False}
        self.put(second, type="user", promptId=self.turn, toolUseResult=response,
                 message={"role": "user", "content": [result]})

    def edit(self, second, path, before, old, new):
        whole = str(self.cwd / path)
        given = {"file_path": whole, "old_string": old, "new_string": new, "replace_all": False}
        self.call(second, "Edit", given, {"filePath": whole, "originalFile": before,
                                          "oldString": old, "newString": new})

    def end(self, second, size):
        """Reads as much as is missing to the size of a real one."""
        missing = size - sum(len(line) + 1 for line in self.lines)
        filler = "    some text of a file that was read\n" * 800
        while missing > 0:
            self.call(second, "Read", {"file_path": "/other/file"}, {"file": {"content": filler}})
            missing -= len(filler)
        self.path.write_text("\n".join(self.lines) + "\n")


def make(repo, home, sessions, commits):
    rng = random.Random(7)
    init(repo)
    folder = home / ".claude/projects/-work"
    folder.mkdir(parents=True)
    texts = {f"src/part_{n}.py": [f"person_{n}_{m} = {m}\n" for m in range(120)] for n in range(FILES)}
    out = []

    def commit(when, paths):
        out.append(f"commit refs/heads/main\ncommitter A <a@example.com> {when} +0000\ndata 4\nwork\n")
        for path in paths:
            body = "".join(texts[path])
            out.append(f"M 100644 inline {path}\ndata {len(body)}\n{body}\n")
        out.append("\n")

    commit(START, list(texts))
    each = commits // sessions
    for number in range(commits):
        when = START + 600 * (number + 1)
        if number % each == 0:
            session = Session(folder, f"session-{number // each}", repo)
        if number % each % 4 == 0:
            session.prompt(when - 300, f"Do part {number} of the work.")
        paths = rng.sample(sorted(texts), 2)
        for n, path in enumerate(paths):
            lines = texts[path]
            at = rng.randrange(len(lines) - 1)
            old, before = lines[at], "".join(lines)
            new = [f"agent_{number}_{n}_{m} = {rng.choice(run.WORDS)}({m})\n" for m in range(6)]
            session.edit(when - 200 + n, path, before, old, old + "".join(new))
            lines[at + 1:at + 1] = new
            del lines[:6]  # the file stays as long as it is
        texts[paths[0]].insert(50, f"person_{number} = {rng.choice(run.WORDS)}()\n")
        commit(when, paths)
        if number % each == each - 1:
            session.end(when - 100, SIZE)
    git(repo, "fast-import", "--quiet", stdin="".join(out).encode())
    git(repo, "reset", "--hard", "-q")


def judged(binary, repo):
    """Of the lines of HEAD: agents' that are found, agents' in all, people's that are called AI."""
    found = every = wrong = 0
    for path in git(repo, "ls-files").splitlines():
        answer = json.loads(git(repo, "ai-log", "blame", "--json", path))
        for line in answer["lines"]:
            ai = line["contributor"] in ("ai", "mixed")
            if line["text"].startswith("agent"):
                every += 1
                found += ai
            else:
                wrong += ai
    return found, every, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=Path, required=True)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--commits", type=int, default=10000)
    args = parser.parse_args()
    binary = str(args.bin.resolve())
    os.environ.update(run.ENVIRONMENT)
    os.environ["PATH"] = f"{args.bin.resolve().parent}:{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        home, repo = Path(folder).resolve() / "home", Path(folder).resolve() / "work"
        home.mkdir()
        os.environ["HOME"] = str(home)
        apart(make, repo, home, args.sessions, args.commits)
        size = sum(path.stat().st_size for path in home.rglob("*.jsonl"))
        dry = Case([binary, "backfill", "--dry-run"], repo)
        log = Case(["git", "log", "-p", "main"], repo)
        in_turns([dry, log], 1, warm=0)
        started = time.monotonic()
        spawn([binary, "backfill"], repo)
        took = time.monotonic() - started
        again = Case([binary, "backfill"], repo)
        in_turns([again], 1, warm=0)
        git(repo, "commit", "-q", "--allow-empty", "-m", "one more")
        more = spawn([binary, "backfill"], repo)
        found, every, wrong = judged(binary, repo)
        table = Table("sessions", "MB", "commits", "first run, s", "CPU, ms", "`git log -p`, ms",
                      "ratio", "peak, MB", "second run, CPU ms", "after one more commit, ms",
                      "recall", "people's lines called AI")
        table.row(str(args.sessions), f"{size / 1e6:.0f}", str(args.commits), f"{took:.1f}",
                  ms(dry.ms), ms(log.ms), f"{dry.ms / log.ms:.1f}", run.mb(dry.kb), ms(again.ms),
                  ms(more), f"{found} of {every}", str(wrong))
    run.describe()


if __name__ == "__main__":
    main()
