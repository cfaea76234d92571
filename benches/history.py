#!/usr/bin/env python3
"""Measures how much of the truth `repair` finds again in a real history, and what it costs.

    benches/history.py --bin target/release/git-ai-log REPOSITORY [--commits N]

The first-parent history of HEAD is made again as a line of commits with the same files. A hash of
its name gives each commit that is no merge to a person or to one of three agents; merges are a
person's. Agents' commits get a note with the lines that they add, people's an empty one. Then the
history is rewritten in three ways, each in a repository of its own: squashed in groups of two to
five, rebased onto a new first commit, and moved into a folder. The old commits are dropped, only
the notes stay, and `git ai-log repair` runs.

The truth of a line is git's blame in the history before it was rewritten. It is compared with
`git ai-log blame` at four places of the rewritten history, every line of every text file. A person
who moves or copies an agent's lines does not become their writer: where blame names a person and
the answer an agent, it is right if `git blame -w -C -C -C` names that agent's commit. Nothing of
REPOSITORY is written to.
"""

import argparse
import base64
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from run import ENVIRONMENT, Table

AGENTS = ("agent-one", "agent-two", "agent-three")
REF = "refs/notes/ai-log/provenance"
TELLS_NOTHING = ("import", "from", "use", "using", "include", "require", "package", "export")


def git(repo, *args, stdin=None):
    command = ["git", "-C", str(repo), "-c", "core.quotePath=false", *args]
    done = subprocess.run(command, input=stdin, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"git {' '.join(args)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).hexdigest()


# --- Histories ---------------------------------------------------------------------------------

class Commit:
    """A commit of the line: its files, and who made it (None: a person)."""

    def __init__(self, oid, parents, tree, when):
        self.tree, self.when = tree, when
        number = int(hashlib.sha256(oid.encode()).hexdigest()[:8], 16)
        self.agent = AGENTS[number % 3] if len(parents) < 2 and number // 3 % 2 else None


def read(repository, count):
    said = git(repository, "log", "--first-parent", "--reverse", "--format=%H|%P|%T|%ct", "HEAD")
    commits, last = [], 0
    for line in said.decode().splitlines()[-count:]:
        oid, parents, tree, when = line.split("|")
        last = max(last + 1, int(when))
        commits.append(Commit(oid, parents.split(), tree, last))
    return commits


def build(repo, commits, change=lambda tree: f'M 040000 {tree} ""\n', first=None):
    """Makes a line of commits of these (tree, time); their names."""
    out = ["feature done\n"]
    start = 1
    if first:
        out.append("commit refs/heads/main\nmark :1\ncommitter A <a@example.com> 1 +0000\ndata 5\n"
                   f"first\n{first}\n")
        start = 2
    for number, (tree, when) in enumerate(commits, start):
        out.append(f"commit refs/heads/main\nmark :{number}\ncommitter A <a@example.com> {when} "
                   f"+0000\ndata 4\nwork\ndeleteall\n{change(tree)}\n")
    out.append("done\n")
    marks = repo / "marks"
    git(repo, "fast-import", "--quiet", "--force", f"--export-marks={marks}",
        stdin="".join(out).encode())
    names = dict(line.split() for line in marks.read_text().splitlines())
    marks.unlink()
    return [names[f":{number}"] for number in range(start, start + len(commits))]


# --- Notes -------------------------------------------------------------------------------------

def fingerprint(line):
    return hashlib.sha256(bytes(b for b in line if b not in b" \t\n\v\f\r")).digest()[:8]


def hunk(path, start, lines, session, turn):
    digest = sha(*lines)
    end = start + len(lines) - 1
    return {
        "type": "hunk",
        "hunk": sha(path.encode(), f"\0{start}-{end}\0{digest}\0".encode()),
        "path": path, "lines": [start, end], "contributor": "ai", "session": session,
        "turn": turn, "edit": None, "evidence": "edit", "digest": digest,
        "fingerprints": base64.b64encode(b"".join(map(fingerprint, lines))).decode(),
    }


def ids(agent, oid):
    session = "s_" + sha(f"{agent}:bench".encode())[:14]
    return session, "p_" + sha(f"{session}:{oid}".encode())[:14]


def note(agent, oid, when, added):
    """The note of a commit; `added` is a list of (path, first line, lines)."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
    records = [{"type": "head", "schema": "git-ai-log/provenance/1", "tool": "bench",
                "authored": at}]
    if agent:
        session, turn = ids(agent, oid)
        records.append({"type": "session", "session": session, "agent": agent, "model": None,
                        "human": None, "started": at, "parent": None})
        records.append({"type": "turn", "turn": turn, "session": session, "at": at,
                        "prompt_sha256": None})
        records += [hunk(*run, session, turn) for run in added]
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def additions(repo):
    """Each commit of main with the runs of lines that it adds."""
    log = git(repo, "log", "-p", "-U0", "--no-color", "--no-prefix", "--root",
              "--format=commit %H", "main")
    added, oid, path, header = defaultdict(list), None, None, False
    run = None
    for line in log.split(b"\n"):
        if line.startswith(b"commit ") and len(line) == 47:
            oid, path, run, header = line[7:].decode(), None, None, False
        elif line.startswith(b"diff --git "):
            path, run, header = None, None, True
        elif header and line.startswith(b"+++ "):
            name = line[4:].rstrip(b"\t").decode(errors="replace")
            path = None if name == "/dev/null" or name.startswith('"') else name
        elif line.startswith(b"@@ "):
            header = False
            start = int(line.split(b" ")[2][1:].split(b",")[0])
            run = (path, start, []) if path else None
            if run:
                added[oid].append(run)
        elif run and line.startswith(b"+"):
            run[2].append(line[1:] + b"\n")
        elif run and line.startswith(b"\\") and run[2]:
            run[2][-1] = run[2][-1][:-1]
    return {oid: [run for run in runs if run[2]] for oid, runs in added.items()}


def write_notes(repo, notes):
    """All notes in one commit."""
    out = [f"commit {REF}\ncommitter A <a@example.com> 1 +0000\ndata 5\nnotes".encode()]
    for oid, text in notes:
        out.append(f"M 100644 inline {oid[:2]}/{oid[2:]}\ndata {len(text)}\n".encode() + text)
    git(repo, "fast-import", "--quiet", "--force", stdin=b"\n".join(out) + b"\n")


# --- Truth and answers -------------------------------------------------------------------------

def files(repo, rev):
    """Text files."""
    numbers = git(repo, "diff", "--numstat", "--no-renames", "--ignore-submodules=all",
                  git(repo, "hash-object", "-t", "tree", os.devnull).decode().strip(), rev)
    rows = (line.split("\t") for line in numbers.decode(errors="replace").splitlines())
    return [path for added, _, path in rows if added not in ("-", "0") and '"' not in path]


def truth(repo, rev, path, owners, *options):
    """The turn of each line, None for a person's; and whether the line tells something."""
    found, oid = [], None
    said = git(repo, "blame", "--line-porcelain", *options, rev, "--", path)
    for line in said.split(b"\n"):
        words = line.split(b" ")
        if len(words) >= 3 and len(words[0]) == 40 and not line.startswith(b"\t"):
            oid = words[0].decode()
        elif line.startswith(b"\t"):
            found.append((owners[oid], tells(line.decode(errors="replace"))))
    return found


def tells(line):
    word = "".join(c if c.isalnum() or c == "_" else " " for c in line).split()
    letters = sum(c.isalnum() for c in line)
    digits = sum(c.isnumeric() for c in line)
    return not (word and word[0] in TELLS_NOTHING) and (
        letters >= 14 or letters >= 6 and digits > 0)


def answer(binary, repo, rev, path):
    done = subprocess.run([binary, "blame", "--json", rev, "--", path], cwd=repo,
                          capture_output=True, check=True)
    lines = json.loads(done.stdout)["lines"]
    return [line["turn"] if line["contributor"] in ("ai", "mixed") else None for line in lines]


class Score:
    def __init__(self):
        self.lines = self.agents = self.called = self.ai = self.right = 0
        self.known = self.telling = self.found = 0

    def add(self, true, told, moved):
        for (turn, telling), said, (source, _) in zip(true, told, moved, strict=True):
            self.lines += 1
            self.agents += turn is not None
            self.called += said is not None
            self.ai += said is not None and (turn or source) is not None
            self.right += said is not None and said in (turn, source)
            self.known += turn is not None and said == turn
            self.telling += turn is not None and telling
            self.found += turn is not None and telling and said == turn

    def cells(self):
        return (f"{self.lines}", f"{self.agents}", share(self.ai, self.called),
                share(self.right, self.called), share(self.known, self.agents),
                share(self.found, self.telling))


def share(part, whole):
    return f"{100 * part / whole:.2f}" if whole else "-"


# --- Operations --------------------------------------------------------------------------------

def groups(count):
    """Places where groups of two to five commits end."""
    ends, at, size = [], -1, 2
    while at < count - 1:
        at = min(at + size, count - 1)
        ends.append(at)
        size = size + 1 if size < 5 else 2
    return ends


def squash(repo, commits):
    ends = groups(len(commits))
    # A server gives a squash the time of the merge.
    every = [(commits[n].tree, commits[n].when + 1) for n in ends]
    return dict(zip(ends, build(repo, every))), ""


def rebase(repo, commits):
    every = [(commit.tree, commit.when) for commit in commits]
    text = "M 100644 inline FIRST\ndata 4\nnew\n"
    change = lambda tree: f'M 040000 {tree} ""\n{text}'  # noqa: E731
    return dict(enumerate(build(repo, every, change, first=text))), ""


def into_folder(repo, commits):
    every = [(commit.tree, commit.when) for commit in commits]
    return dict(enumerate(build(repo, every, lambda tree: f"M 040000 {tree} sub\n"))), "sub/"


OPERATIONS = {"squashed in groups of 2 to 5": squash, "rebased": rebase,
              "moved into a folder": into_folder}


def timed(argv, cwd):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(argv, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, time.monotonic() - start


def main():
    options = argparse.ArgumentParser()
    options.add_argument("repository", type=Path)
    options.add_argument("--bin", required=True, type=Path)
    options.add_argument("--commits", type=int, default=1_000_000)
    options = options.parse_args()
    binary = str(options.bin.resolve())
    os.environ.update(ENVIRONMENT)
    folder = Path(tempfile.mkdtemp(prefix="ai-log-history-"))
    try:
        measure(binary, options.repository.resolve(), options.commits, folder)
    finally:
        shutil.rmtree(folder)


def measure(binary, repository, count, folder):
    commits = read(repository, count)
    old = folder / "old"
    git(folder, "init", "-q", "--bare", "-b", "main", str(old))
    objects = git(repository, "rev-parse", "--git-path", "objects").decode().strip()
    objects = str((repository / objects).resolve())
    (old / "objects/info/alternates").write_text(objects + "\n")
    names = build(old, [(commit.tree, commit.when) for commit in commits])
    added = additions(old)
    notes, owners = [], {}
    for commit, oid in zip(commits, names):
        notes.append((oid, note(commit.agent, oid, commit.when, added.get(oid, []))))
        owners[oid] = ids(commit.agent, oid)[1] if commit.agent else None
    write_notes(old, notes)
    agents = sum(commit.agent is not None for commit in commits)
    print(f"{len(commits)} commits, {agents} of them agents'.\n")
    table = Table("operation", "commits", "lines", "agents' lines", "`ai` that is an agent's, %",
                  "`ai` with the right prompt, %", "agents' lines found, %",
                  "of the telling ones, %", "repair, CPU s", "`git log -p`, CPU s")
    ends = groups(len(commits))
    places = [min(ends, key=lambda end: abs(end - len(commits) * part // 4)) for part in (1, 2, 3)]
    places.append(len(commits) - 1)
    total, moved = Score(), {}
    known = {place: {path: truth(old, names[place], path, owners)
                     for path in files(old, names[place])} for place in places}
    for name, operation in OPERATIONS.items():
        repo = folder / "new"
        git(folder, "init", "-q", "--bare", "-b", "main", str(repo))
        (repo / "objects/info/alternates").write_text(objects + "\n")
        write_notes(repo, notes)
        new, prefix = operation(repo, commits)
        log, _ = timed(["git", "log", "-p", "main"], repo)
        cpu, _ = timed([binary, "repair", "main"], repo)
        score = Score()
        for place in places:
            for path, true in known[place].items():
                told = answer(binary, repo, new[place], prefix + path)
                doubt = any(said and not turn for (turn, _), said in zip(true, told))
                if doubt and (place, path) not in moved:
                    moved[place, path] = truth(old, names[place], path, owners, "-w", *["-C"] * 3)
                score.add(true, told, moved.get((place, path), true))
                total.add(true, told, moved.get((place, path), true))
        table.row(name, str(len(new)), *score.cells(), f"{cpu:.1f}", f"{log:.1f}")
        shutil.rmtree(repo)
    table.row("all", "", *total.cells(), "", "")


if __name__ == "__main__":
    main()
