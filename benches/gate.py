#!/usr/bin/env python3
"""Measures the pre-commit hook against git and against linters, and prints a Markdown table.

    benches/gate.py --bin target/release/git-ai-log [--ruff PATH] [--bandit PATH] [--gitleaks PATH]

The same repositories, the same staged files, in turns in one run: the hook as git runs it,
`git diff --cached`, and the linters that are named, one after the other. A figure is the median of
the CPU time of whole processes, children included. Nothing here fails because something was slow.
"""

import argparse
import ast
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import run
from run import Case, apart, git, in_turns, install, make_project, record

SAMPLES = {
    "a.js": "export function f(a) { return db.query('SELECT 1 WHERE a = ?', [a]); }\n",
    "b.ts": "export const f = (a: string): string => a.trim();\n",
    "c.tsx": "export const F = () => <p>shop</p>;\n",
    "d.go": "package d\n\nfunc f() error {\n\treturn nil\n}\n",
    "E.java": "class E {\n  int f() {\n    return 1;\n  }\n}\n",
    "f.rb": "def f(a)\n  User.where(name: a)\nend\n",
    "g.php": "<?php\nfunction f($a) {\n    return $a;\n}\n",
    "h.rs": "fn f() -> u8 {\n    1\n}\n",
    "I.cs": "class I {\n  int F() {\n    return 1;\n  }\n}\n",
    "j.yml": "a:\n  - b\n",
    "k.sql": "SELECT 1;\n",
}


def modules():
    """The modules of Python's own library, in a fixed order: real code, and on every machine."""
    folder = Path(os.__file__).parent
    names = sorted(folder.glob("[a-z]*.py"))
    return [path for path in names if 200 < len(path.read_text(errors="replace").splitlines()) < 1500]


def pieces(paths, count, lines):
    """Files of about this many lines each: whole functions and classes of these modules."""
    found = []
    for path in paths:
        text = path.read_text(errors="replace")
        for node in ast.parse(text).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                body = text.splitlines()[node.lineno - 1:node.end_lineno]
                if lines * 0.8 <= len(body) <= lines * 1.2:
                    found.append("\n".join(body) + "\n")
    return found[:count]


def stage(binary, repo, files):
    record(binary, repo, "s", event="prompt", prompt="pay orders")
    for name, body in files.items():
        path = Path(repo, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body)
        record(binary, repo, "s", event="edit", edits=[dict(path=name, before=None, after=body)])
    git(repo, "add", "-A")


def project(binary, repo, files, scale):
    for part in range(scale):
        make_project(Path(repo, "..", f"{repo.name}-{part}"), 3) if part else make_project(repo, 3)
    if scale > 1:
        for part in range(1, scale):
            other = Path(repo, "..", f"{repo.name}-{part}")
            subprocess.run(f"cp -r '{other}'/crates '{repo}'/part{part}", shell=True, check=True)
        git(repo, "add", "-A")
        git(repo, "commit", "-q", "-m", "more")
    Path(repo, "shop").mkdir(exist_ok=True)
    for path in modules()[:60]:
        shutil.copy(path, Path(repo, "shop"))
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "shop")
    # A hook that blocks would end the measuring.
    Path(repo, ".ai-log.toml").write_text('preset = "relaxed"\n')
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "policy")
    install(repo, binary)
    stage(binary, repo, files)
    subprocess.run([binary, "hook", "pre-commit"], cwd=repo, check=True, capture_output=True)


def main():
    args = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    args.add_argument("--bin", default="target/release/git-ai-log", type=os.path.abspath)
    for tool in ("ruff", "bandit", "gitleaks"):
        args.add_argument(f"--{tool}", type=os.path.abspath)
    args.add_argument("--rounds", type=int, default=15)
    args = args.parse_args()
    os.environ.update(run.ENVIRONMENT)
    os.environ["PATH"] = f"{os.path.dirname(args.bin)}{os.pathsep}{os.environ['PATH']}"
    print("| staged | repository | hook, ms | `git diff --cached`, ms | ratio | linters, ms | ratio | peak, MB |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        new = pieces(modules()[60:], 21, 50)
        twenty = {f"new/part_{n}.py": text for n, text in enumerate(new[:20])}
        one = {"new/part.py": new[20]}
        cases = [("20 files, 1,000 lines of Python", twenty, 1), ("1 file, 50 lines of Python", one, 1),
                 ("20 files, 1,000 lines of Python", twenty, 10), ("1 file, 50 lines of Python", one, 10),
                 ("a file of each language", SAMPLES, 1)]
        for number, (title, files, scale) in enumerate(cases):
            repo = Path(folder, f"r{number}")
            apart(project, args.bin, repo, files, scale)
            measure(args, repo, title, files, f"{250 * scale + 60} files")


def measure(args, repo, title, files, size):
    hook = Case([args.bin, "hook", "pre-commit"], repo)
    diff = Case(["git", "diff", "--cached"], repo)
    cases = [hook, diff]
    python = [name for name in files if name.endswith(".py")]
    linters = []
    if python and args.ruff:
        rules = ["--isolated", "--no-cache", "--select", "S,BLE,TRY,B", "--exit-zero", "--quiet"]
        linters.append(Case([args.ruff, "check", *rules, *python], repo))
    if python and args.bandit:
        linters.append(Case([args.bandit, "-q", "--exit-zero", *python], repo))
    if args.gitleaks:
        linters.append(Case([args.gitleaks, "git", "--staged", "--no-banner", "--exit-code", "0", "."], repo))
    in_turns(cases + linters, args.rounds)
    both = sum(case.ms for case in linters)
    share = f"{both:.0f} | {hook.ms / both:.2f}" if linters else "- | -"
    print(f"| {title} | {size} | {hook.ms:.1f} | {diff.ms:.1f} | {hook.ms / diff.ms:.1f} | {share} "
          f"| {hook.kb / 1000:.0f} |", flush=True)


if __name__ == "__main__":
    main()
