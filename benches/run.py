#!/usr/bin/env python3
"""Measures git-ai-log against git's own commands and prints a Markdown table.

    benches/run.py --bin target/release/git-ai-log [--quick] [--only record,commit,blame]
    benches/run.py --install          # what `cargo install --locked --path .` costs

Every repository is made in a temporary folder. Our command and the yardstick run in turns, in
one run of this script, each as a whole process; a figure is the median of the CPU time (user and
system, children included). Nothing here fails because something was slow.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

WORDS = ("alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november "
         "oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu").split()

# What a user's own settings would change.
ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A Person",
    "GIT_AUTHOR_EMAIL": "person@example.com",
    "GIT_COMMITTER_NAME": "A Person",
    "GIT_COMMITTER_EMAIL": "person@example.com",
}


# --- Measuring ---------------------------------------------------------------------------------

def spawn(argv, cwd, stdin=None):
    """Runs a process; its CPU milliseconds."""
    os.chdir(cwd)
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, stdin or os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"failed with status {status}: {argv}")
    return (usage.ru_utime + usage.ru_stime) * 1000


# A child's peak memory counts from its parent's at the start: this parent is a small one.
PARENT = """
import os, sys
pid = os.fork()
if pid == 0:
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.execvp(sys.argv[1], sys.argv[1:])
print(os.wait4(pid, 0)[2].ru_maxrss)
"""


def peak(argv, cwd, stdin):
    """Runs a process; its peak memory in kB."""
    with open(stdin or os.devnull, "rb") as source:
        done = subprocess.run([sys.executable, "-I", "-S", "-c", PARENT, *argv], cwd=cwd,
                              stdin=source, capture_output=True, check=True)
    return int(done.stdout) // (1024 if sys.platform == "darwin" else 1)


class Case:
    """One command that is run again and again. `before(round)` puts everything in its place."""

    def __init__(self, argv, cwd, before=None, stdin=None):
        self.argv, self.cwd, self.before, self.stdin = argv, cwd, before, stdin
        self.cpu, self.kb = [], 0

    def prepare(self, number):
        if self.before:
            self.before(number)
        return self.argv(number) if callable(self.argv) else self.argv

    def run(self, number, keep):
        cpu = spawn(self.prepare(number), self.cwd, self.stdin)
        if keep:
            self.cpu.append(cpu)

    def weigh(self, number):
        self.kb = max(self.kb, peak(self.prepare(number), self.cwd, self.stdin))

    @property
    def ms(self):
        return statistics.median(self.cpu)


def in_turns(cases, rounds, warm=2):
    """Runs the cases in turns, each round in another order: what a round leaves behind (a warm
    cache, an object that is there already) helps everybody alike."""
    for number in range(rounds + warm):
        turn = number % len(cases)
        for case in cases[turn:] + cases[:turn]:
            case.run(number, number >= warm)
    for number in range(rounds + warm, rounds + warm + 3):
        for case in cases:
            case.weigh(number)


def apart(function, *args):
    """In a process of its own, so that this one stays small: a child's peak memory counts from
    its parent's at the start."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            function(*args)
            os._exit(0)
        except BaseException as error:  # noqa: B036 - a fork must not run on in its parent's code
            print(f"{function.__name__}: {error}", file=sys.stderr)
            os._exit(1)
    if os.waitpid(pid, 0)[1] != 0:
        sys.exit(f"cannot prepare: {function.__name__}")


# --- Repositories ------------------------------------------------------------------------------

def git(repo, *args, stdin=None):
    done = subprocess.run(["git", "-C", str(repo), *args], input=stdin, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f"git {' '.join(args)}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode(errors="replace").strip()


def line(rng, name):
    return f"    let {name} = {rng.choice(WORDS)}({rng.choice(WORDS)}, {rng.randrange(9999)});\n"


def text(rng, lines):
    return [line(rng, f"v{n}") for n in range(lines)]


def init(repo):
    repo.mkdir(parents=True)
    git(repo, "init", "-q", "-b", "main")
    for name, value in (("gc.auto", "0"), ("maintenance.auto", "false")):
        git(repo, "config", name, value)


def make_project(repo, commits):
    """About as many files and commits as ripgrep has, in one pack."""
    rng = random.Random(7)
    init(repo)
    files = {f"crates/{WORDS[n % 9]}/src/{WORDS[n // 26]}_{n}.rs": text(rng, rng.randrange(20, 700))
             for n in range(250)}
    stream = []
    for number in range(commits):
        name = rng.choice(sorted(files))
        at = rng.randrange(len(files[name]))
        files[name][at:at + 2] = text(rng, 3)
        changed = files if number == 0 else {name: files[name]}
        stream.append(f"commit refs/heads/main\ncommitter A Person <person@example.com> "
                      f"{1_600_000_000 + number * 3600} +0000\ndata 3\nc{number % 10}\n")
        for path, lines in changed.items():
            body = "".join(lines)
            stream.append(f"M 100644 inline {path}\ndata {len(body)}\n{body}\n")
    git(repo, "fast-import", "--quiet", stdin="".join(stream).encode())
    git(repo, "reset", "-q", "--hard")


def install(repo, binary):
    """The hooks as a user gets them."""
    subprocess.run([binary, "install", "--no-agents"], cwd=repo, check=True, capture_output=True)


def record(binary, repo, session, **event):
    event = dict(schema="git-ai-log/event/1", agent="bench", session=session, cwd=str(repo), **event)
    subprocess.run([binary, "record", "generic"], input=json.dumps(event).encode(), cwd=repo,
                   check=True)


def new_file(binary, repo, name, lines, session):
    """A file that an agent wrote, staged."""
    rng = random.Random(name)
    body = "".join(text(rng, lines))
    Path(repo, name).write_text(body)
    record(binary, repo, session, event="prompt", prompt=f"write {name}")
    record(binary, repo, session, event="edit",
           edits=[dict(path=name, before=None, after=body)])
    git(repo, "add", name)


def fill_journal(binary, repo, lines):
    """Sessions of 250 events, each committed with our hook: prompts, reads, edits, commands."""
    rng = random.Random(11)
    names = git(repo, "ls-files", "*.rs").split("\n")
    for number in range(lines // 250):
        session = f"old-{number}"
        record(binary, repo, session, event="prompt", prompt=f"task {number}")
        record(binary, repo, session, event="read", paths=rng.choices(names, k=79))
        for _ in range(3):
            edits = []
            for name in rng.sample(names, 50):
                path = Path(repo, name)
                before = path.read_text()
                body = before.splitlines(True)
                at = rng.randrange(len(body))
                body[at:at + 1] = text(rng, 3)
                path.write_text("".join(body))
                edits.append(dict(path=name, before=before, after="".join(body)))
            record(binary, repo, session, event="edit", edits=edits)
        for command in range(10):
            record(binary, repo, session, event="shell-start", command=f"make {command}")
            record(binary, repo, session, event="shell-end", command=f"make {command}")
        git(repo, "commit", "-q", "-a", "-m", f"task {number}")


def edit_often(binary, repo, name, lines, edits):
    """A session that edits one large file again and again, all of it staged at the end."""
    rng = random.Random(13)
    path = Path(repo, name)
    body = text(rng, lines)
    path.write_text("".join(body))
    git(repo, "add", name)
    git(repo, "commit", "-q", "-m", "large")
    record(binary, repo, "long", event="prompt", prompt="many edits")
    for number in range(edits):
        before = "".join(body)
        at = rng.randrange(len(body))
        body[at:at + 1] = [line(rng, f"edit{number}"), line(rng, f"more{number}")]
        path.write_text("".join(body))
        record(binary, repo, "long", event="edit",
               edits=[dict(path=name, before=before, after="".join(body))])
    git(repo, "add", name)


def make_history(binary, repo, commits):
    """One file, and every commit of it with a note."""
    rng = random.Random(17)
    init(repo)
    body = text(rng, 1000)
    path = Path(repo, "file.rs")
    path.write_text("".join(body))
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "first")
    install(repo, binary)
    for number in range(commits):
        before = "".join(body)
        at = rng.randrange(len(body))
        body[at:at + 2] = [line(rng, f"w{number}_{n}") for n in range(3)]
        path.write_text("".join(body))
        if number % 10 == 0:
            record(binary, repo, f"s{number // 50}", event="prompt", prompt=f"task {number}")
        record(binary, repo, f"s{number // 50}", event="edit",
               edits=[dict(path="file.rs", before=before, after="".join(body))])
        git(repo, "commit", "-q", "-a", "-m", f"change {number}")


# --- What is measured --------------------------------------------------------------------------

class Table:
    def __init__(self, *titles):
        print("| " + " | ".join(titles) + " |")
        print("|" + "|".join("---" if n == 0 else "---:" for n in range(len(titles))) + "|")

    def row(self, *cells):
        print("| " + " | ".join(cells) + " |", flush=True)


def ms(value):
    return f"{value:.1f}"


def mb(kb):
    return f"{kb / 1024:.1f}"


class Edits:
    """Edits of one 8,000-line file, each with the payload that the agent's hook would get."""

    def __init__(self, repo, payload, agent):
        self.repo, self.payload, self.agent, self.number = repo, payload, agent, 0

    def __call__(self, _):
        self.number += 1
        apart(self.write, self.number)

    def write(self, number):
        path = Path(self.repo, "large.rs")
        before = path.read_text()
        body = before.splitlines(True)
        at = (number * 37) % len(body)
        old, body[at] = body[at], f"    let edited = {self.agent}(number_{number});\n"
        after = "".join(body)
        path.write_text(after)
        base = dict(session_id="bench", cwd=str(self.repo), prompt_id="p1",
                    tool_use_id=f"call-{self.agent}-{number}", tool_name="Edit")
        told = dict(file_path=str(path), old_string=old, new_string=body[at])
        event = {
            "claude-code": dict(
                base, hook_event_name="PostToolUse", tool_input=told,
                tool_response=dict(filePath=str(path), oldString=old, newString=body[at],
                                   originalFile=before, structuredPatch=[], userModified=False)),
            "before": dict(base, hook_event_name="PreToolUse", tool_input=told),
            "generic": dict(schema="git-ai-log/event/1", agent="bench", session="bench",
                            cwd=str(self.repo), event="edit", call=f"g{number}",
                            edits=[dict(path="large.rs", before=before, after=after)]),
        }[self.agent]
        Path(self.payload).write_text(json.dumps(event))


def measure_record(binary, work, quick):
    print("\n### `record` (8,000-line file)\n")
    rounds = 7 if quick else 31
    table = Table("event", "journal", "record, ms", "yardstick", "ms", "ratio", "record, MB")
    for lines in (0, 1_000 if quick else 10_000):
        repo = work / f"record-{lines}"
        apart(make_project, repo, 200 if quick else 2_000)
        apart(install, repo, binary)
        apart(fill_journal, binary, repo, lines)
        apart(large, repo)
        for agent, title in (("claude-code", "Claude Code, after Edit"), ("generic", "generic edit"),
                             ("before", "Claude Code, before Edit")):
            payload = str(work / "payload.json")
            name = "claude-code" if agent == "before" else agent
            ours = Case([binary, "record", name], repo, Edits(repo, payload, agent), payload)
            yard = Case(["git", "hash-object", "-w", "other.rs"], repo,
                        lambda number: apart(other, repo, number))
            in_turns([ours, yard], rounds)
            table.row(title, str(lines), ms(ours.ms), "`git hash-object -w`", ms(yard.ms),
                      f"{ours.ms / yard.ms:.2f}", mb(ours.kb))
        payload = work / "payload.json"
        payload.write_text(json.dumps(dict(
            session_id="bench", cwd=str(repo), prompt_id="p1", tool_use_id="w", tool_name="Bash",
            hook_event_name="PreToolUse", tool_input=dict(command="make"))))
        ours = Case([binary, "record", "claude-code"], repo, None, str(payload))
        yard = Case(["git", "status", "--porcelain"], repo)
        in_turns([ours, yard], rounds)
        table.row("Claude Code, before Bash", str(lines), ms(ours.ms), "`git status`", ms(yard.ms),
                  f"{ours.ms / yard.ms:.2f}", mb(ours.kb))


def large(repo):
    Path(repo, "large.rs").write_text("".join(text(random.Random(3), 8_000)))
    git(repo, "add", "large.rs")
    git(repo, "-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "large")


def other(repo, number):
    body = text(random.Random(3), 8_000)
    body[number] = f"another {time.time_ns()}\n"
    Path(repo, "other.rs").write_text("".join(body))


def measure_commit(binary, work, quick, given):
    print("\n### `git commit` with our hooks (1,000 lines of an agent's staged)\n")
    rounds = 5 if quick else 21
    scale = 10 if quick else 1
    table = Table("repository", "commit, ms", "with hooks, ms", "added, ms",
                  "`git rev-parse HEAD`, ms", "added / rev-parse")
    scenes = (
        ("as it is", None),
        (f"journal of {10_000 // scale:,} lines", "journal"),
        (f"{500 // scale} edits of one 8,000-line file, staged too", "edits"),
        (f"{500 // scale} edits of one 8,000-line file, committed before", "done"),
    )
    for title, scene in scenes:
        repo = work / f"commit-{scene}"
        if given:
            subprocess.run(["git", "clone", "-q", "--no-local", given, str(repo)], check=True)
        else:
            apart(make_project, repo, 2_000 // scale)
        apart(set_scene, binary, repo, scene, scale)
        if not scene and not quick:
            # The other scenes take as long to make, and git looks up files slowly just after they
            # were written.
            time.sleep(60)
        base = git(repo, "rev-parse", "HEAD")
        state = repo / ".git/ai-log"
        saved = work / "saved"
        shutil.rmtree(saved, ignore_errors=True)
        copy_derived(state, saved)

        def back(_, repo=repo, base=base, state=state, saved=saved):
            subprocess.run(["git", "-C", str(repo), "reset", "-q", "--soft", base], check=True)
            copy_derived(saved, state)

        def message(number):
            return ["git", "commit", "-q", "-m", f"round {number} {time.time_ns()}"]

        plain = Case(lambda n: ["git", "-c", "core.hooksPath=/dev/null", *message(n)[1:]], repo, back)
        ours = Case(message, repo, back)
        yard = Case(["git", "rev-parse", "HEAD"], repo)
        in_turns([plain, ours, yard], rounds)
        added = ours.ms - plain.ms
        table.row(title, ms(plain.ms), ms(ours.ms), ms(added), ms(yard.ms), f"{added / yard.ms:.1f}")


def set_scene(binary, repo, scene, scale):
    install(repo, binary)
    new_file(binary, repo, "start.rs", 10, "start")
    git(repo, "commit", "-q", "-m", "start")
    if scene == "journal":
        fill_journal(binary, repo, 10_000 // scale)
    if scene in ("edits", "done"):
        edit_often(binary, repo, "large.rs", 8_000, 500 // scale)
    if scene == "done":
        git(repo, "commit", "-q", "-m", "edits")
    new_file(binary, repo, "new.rs", 1_000, "now")


def copy_derived(source, target):
    """Whatever the commit itself may have written into our state: not the journal, not the
    snapshots, which only `record` writes."""
    keep = ("journal", "snapshots")
    target.mkdir(exist_ok=True)
    for entry in target.iterdir():
        if entry.name not in keep:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    for entry in source.iterdir():
        if entry.name not in keep:
            copy = shutil.copytree if entry.is_dir() else shutil.copy2
            copy(entry, target / entry.name)


def measure_blame(binary, work, quick):
    commits = 100 if quick else 1_000
    print(f"\n### `blame` of a file with {commits:,} commits behind it, each with a note\n")
    repo = work / "blame"
    apart(make_history, binary, repo, commits)
    notes = len(git(repo, "notes", "--ref=ai-log/provenance", "list").split("\n"))
    if subprocess.run([binary, "blame", "file.rs"], cwd=repo, capture_output=True).returncode != 0:
        print(f"(This binary has no `blame`. {notes:,} notes were written.)")
        return
    table = Table("command", "ours, ms", "yardstick", "ms", "ratio", "ours, MB", "git, MB", "ratio")
    for packed in (False, True):
        if packed:
            git(repo, "gc", "-q")
        for title, argv in (("", []), (" -L 100,140", ["-L", "100,140"])):
            ours = Case([binary, "blame", *argv, "file.rs"], repo)
            yard = Case(["git", "blame", *argv, "file.rs"], repo)
            in_turns([ours, yard], 5 if quick else 21)
            table.row(f"blame{title}, {'packed' if packed else 'loose'} objects", ms(ours.ms),
                      f"`git blame{title}`", ms(yard.ms), f"{ours.ms / yard.ms:.2f}",
                      mb(ours.kb), mb(yard.kb), f"{ours.kb / yard.kb:.2f}")


def measure_install(work):
    print("\n### `cargo install --locked --path .` (clean target, crates downloaded before)\n")
    source = Path(__file__).resolve().parent.parent
    subprocess.run(["cargo", "fetch", "--locked", "-q"], cwd=source, check=True)
    os.environ["CARGO_TARGET_DIR"] = str(work / "target")
    start = time.monotonic()
    cpu = spawn(["cargo", "install", "--locked", "--path", ".", "--root", str(work / "root")],
                source) / 1000
    wall = time.monotonic() - start
    size = (work / "root/bin/git-ai-log").stat().st_size
    table = Table("cores", "CPU, s", "wall, s", "load at the end", "binary, MB")
    table.row(str(os.cpu_count()), f"{cpu:.0f}", f"{wall:.0f}", f"{os.getloadavg()[0]:.1f}", f"{size / 1e6:.1f}")


def describe():
    model = platform.processor() or platform.machine()
    try:
        for row in Path("/proc/cpuinfo").read_text().split("\n"):
            if row.startswith("model name"):
                model = row.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    def version(*command):
        try:
            return subprocess.run(command, capture_output=True).stdout.decode().split("\n")[0]
        except OSError:
            return f"no {command[0]}"
    print(f"{date.today()}; {platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
          f"{model}; {version('git', '--version')}; {version('rustc', '--version')}; load "
          f"{os.getloadavg()[0]:.1f}; `{' '.join(['benches/' + Path(sys.argv[0]).name, *sys.argv[1:]])}`")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default="target/release/git-ai-log", help="the binary to measure")
    parser.add_argument("--quick", action="store_true", help="small repositories, few rounds")
    parser.add_argument("--only", default="record,commit,blame", help="what to measure")
    parser.add_argument("--repo", help="clone this repository instead of making one (commit)")
    parser.add_argument("--install", action="store_true", help="measure cargo install instead")
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder there")
    args = parser.parse_args()
    binary = str(Path(args.bin).resolve())
    given = args.repo and str(Path(args.repo).resolve())
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        del os.environ[name]
    os.environ.update(ENVIRONMENT)
    describe()
    work = Path(tempfile.mkdtemp(prefix="git-ai-log-bench-")).resolve()
    try:
        if args.install:
            measure_install(work)
            return
        os.environ["HOME"] = os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = str(work)
        # The hooks look for the program where git does.
        (work / "bin").mkdir()
        (work / "bin/git-ai-log").symlink_to(binary)
        os.environ["PATH"] = f"{work / 'bin'}{os.pathsep}{os.environ['PATH']}"
        if not os.access(binary, os.X_OK):
            sys.exit(f"no binary at {binary}: cargo build --release, or give --bin")
        only = args.only.split(",")
        if "record" in only:
            measure_record(binary, work, args.quick)
        if "commit" in only:
            measure_commit(binary, work, args.quick, given)
        if "blame" in only:
            measure_blame(binary, work, args.quick)
    finally:
        os.chdir("/")
        if args.keep:
            print(f"\nleft in {work}", file=sys.stderr)
        else:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
