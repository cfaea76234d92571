#!/usr/bin/env python3
"""Compares what git ai-log answers with what a scenario knows to be true.

    expect.py SCENARIO [--model NAME] [--log FILE]      in the repository that was played in

The truth is in the scenario, for each commit and file, line by line: ["ai first edit",
"    return 1"] means that the commit brought this line, that an agent wrote it, led by the
prompt "first", with evidence `edit`; "mixed first" and "human" likewise; "-" is a line that
was there before. Lines of commits that came before `install` are `unknown`.

Four answers are compared with it: `show` and the note itself for the lines that each commit
brings, `blame` and `PATH:LINE` for every line at HEAD. Exits 1 when one of them is wrong.
"""
import argparse
import hashlib
import json
import subprocess
import sys

from scenario import load

UNRECORDED = "unknown"  # what lines are called that no note speaks of


def run(*command):
    """Standard output, or None when the command fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.stdout.decode() if done.returncode == 0 else None


def ask(*arguments):
    """The first JSON object that `git ai-log` prints; an empty one when there is none."""
    text = run("git", "ai-log", *arguments) or ""
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError:
        return {}
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, dict) else {}


class Tally:
    """Counts comparisons and prints one row for each subject of several."""

    def __init__(self):
        self.passed = self.failed = 0

    def row(self, where, text, wanted, answers):
        """answers: name of the source -> what it said, None where it is right."""
        wrong = {source: got for source, got in answers.items() if got is not None}
        self.failed += len(wrong)
        self.passed += len(answers) - len(wrong)
        got = "; ".join("%s: %s" % pair for pair in wrong.items()) or "same (%s)" % ", ".join(answers)
        print("%-4s %-26s %-38.38s %-18s %s" % ("FAIL" if wrong else "ok", where, text, wanted, got))


# ---- the truth

class Truth:
    """One line of a commit: who brought it, led by which prompt, and how that is known."""

    def __init__(self, text, scenario, recorded=True):
        words = text.split()
        self.name = text
        self.contributor = words[0]
        self.by_agent = self.contributor in ("ai", "mixed")
        self.agent = scenario["agent"] if self.by_agent else None
        # Of an agent without hooks all is known from its own files.
        self.evidence = scenario.get("evidence", words[2]) if len(words) > 2 else None
        self.recorded = recorded
        turn = words[1] if self.by_agent else None
        # An agent may report a sub-agent's task as a turn of its own; both are then right.
        tasks = [task for task, led in scenario.get("own_turns", {}).items() if led == turn]
        self.prompts = [scenario["turns"][name]["prompt"] for name in [turn, *tasks]] if turn else [None]

    def compare(self, contributor, agent, prompt, evidence=None):
        """None when all is right, else what was said."""
        right = (contributor == self.contributor and (agent or None) == self.agent
                 and (prompt or None) in self.prompts
                 and (evidence is None or self.evidence in (None, evidence)))
        if right:
            return None
        said = [contributor, agent, prompt and repr(prompt[:24]), evidence]
        return " ".join(str(part) for part in said if part) or "nothing"


def commits_of(scenario):
    """[(commit id, {path: [(Truth or None for an older line, text)]})], oldest first."""
    found = dict(line.split("\t", 1)[::-1] for line in run("git", "log", "--format=%H\t%s").splitlines())
    # Without hooks nobody sees what a person changes in an agent's line of another commit, or
    # before a line is committed.
    unseen = scenario.get("unseen", [])
    for commit in scenario["expect"]["commits"]:
        files = {path: [(None if truth == "-" else
                         Truth("human" if text in unseen else truth, scenario), text)
                        for truth, text in lines]
                 for path, lines in commit["files"].items()}
        yield commit["subject"], found.get(commit["subject"]), files


# ---- what one commit says

def covers(hunk, path, line):
    first, last = hunk["lines"]
    return hunk["path"] == path and first <= line <= last


def best(hunks, path, line):
    """The record that speaks for a line: the stronger evidence where two overlap."""
    order = ["edit", "shell", "transcript", "carried"]
    here = [hunk for hunk in hunks if covers(hunk, path, line)]
    here.sort(key=lambda h: order.index(h.get("evidence")) if h.get("evidence") in order else 9)
    return here[0] if here else None


def records_of(commit, texts):
    """(hunks, {session: agent}, {turn: prompt}, text) of the note.

    A record is known by what it holds. The note has only the SHA-256 of a prompt, which
    tells the scenario's prompts apart as well as their text would.
    """
    note = run("git", "notes", "--ref", "ai-log/provenance", "show", commit)
    if note is None:
        return None, {}, {}, ""
    known = {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}
    records = [json.loads(line) for line in note.splitlines() if line.startswith("{")]
    hunks = [r for r in records if "path" in r and "lines" in r and "contributor" in r]
    sessions = {r.get("session") or r.get("id"): r["agent"] for r in records if r.get("agent")}
    turns = {r["turn"]: known.get(r["prompt_sha256"], "another prompt")
             for r in records if r.get("prompt_sha256")}
    return hunks, sessions, turns, note


def said_of_line(hunks, agents, prompts, truth, path, line):
    if hunks is None:
        return "nothing recorded"
    hunk = best(hunks, path, line)
    if hunk is None:  # where something is recorded, a person's lines need no hunk
        return None if truth.contributor == "human" else "no record"
    return truth.compare(hunk["contributor"], agents.get(hunk.get("session")),
                         prompts.get(hunk.get("turn")), hunk.get("evidence") or "")


def check_commit(tally, scenario, subject, commit, files):
    if commit is None:
        return tally.row(subject, "", "a commit", {"git": "there is none"})
    show = ask("show", "--json", commit)
    prompts = {turn["turn"]: turn.get("prompt") for turn in show.get("turns", [])}
    show_agents = {s.get("session") or s.get("id"): s.get("agent") for s in show.get("sessions", [])}
    texts = [turn["prompt"] for turn in scenario["turns"].values()]
    noted, note_agents, note_prompts, note = records_of(commit, texts)
    for path, lines in files.items():
        text = run("git", "show", "%s:%s" % (commit, path))
        if text != "".join(line + "\n" for _, line in lines):
            tally.row(path, subject, "its text", {"git": "the play went another way"})
            continue
        for number, (truth, line) in enumerate(lines, 1):
            if truth:
                tally.row("%.7s %s:%d" % (commit, path, number), line, truth.name, {
                    "show": said_of_line(show.get("hunks"), show_agents, prompts, truth, path, number),
                    "note": said_of_line(noted, note_agents, note_prompts, truth, path, number)})
    leaked = [text for text in texts if text in note]
    tally.row("%.7s" % commit, "prompts in the provenance note", "none",
              {"note": "holds %r" % leaked[0] if leaked else None})


# ---- what HEAD says

def git_blame(path):
    """[(commit, line number in it)] for each line at HEAD."""
    lines = (run("git", "blame", "--line-porcelain", "HEAD", "--", path) or "").splitlines()
    heads = [line.split() for at, line in enumerate(lines) if at == 0 or lines[at - 1].startswith("\t")]
    return [(head[0], int(head[1])) for head in heads]


def check_head(tally, scenario, commits, model):
    known = {commit: files for _, commit, files in commits}
    older = Truth(UNRECORDED, scenario)
    sessions, models, prompts = set(), set(), {}
    for path in commits[-1][2]:
        lines = ask("blame", "--json", path).get("lines", [])
        origins = git_blame(path)
        texts = (run("git", "show", "HEAD:" + path) or "").splitlines()
        if len(lines) != len(origins):
            tally.row(path, "lines of blame", len(origins), {"blame": len(lines)})
            continue
        for (commit, number), got, text in zip(origins, lines, texts):
            truth = known[commit][path][number - 1][0] if commit in known else older
            answer = answer_for(path, got["line"])
            if truth.by_agent:
                sessions.add(got.get("session"))
                models.add(got.get("model"))
            # blame gives the turn, the question about the same line its prompt
            turn_prompt = answer.get("prompt") if answer.get("turn") == got.get("turn") else "another turn"
            place = None if (got.get("commit"), got.get("orig_line")) == (commit, number) else \
                "%.7s line %s" % (got.get("commit"), got.get("orig_line"))
            tally.row("%s:%d" % (path, got["line"]), text, truth.name, {
                "blame": place or truth.compare(got.get("contributor"), got.get("agent"), turn_prompt),
                "prompts": truth.compare(answer.get("contributor"), answer.get("agent"),
                                         answer.get("prompt"))})
    # Where an agent resumes nothing without a terminal, each prompt is a session.
    count = scenario.get("sessions", 1)
    right = len(sessions - {None}) == count and None not in sessions
    tally.row("HEAD", "sessions of agents' lines", count, {"blame": None if right else sessions})
    tally.row("HEAD", "models of agents' lines", model, {"blame": None if models == {model} else models})


def answer_for(path, line):
    answers = ask("%s:%d" % (path, line), "--json").get("answers", [])
    return next((a for a in answers if a["lines"][0] <= line <= a["lines"][1]), {})


# ---- what the agent did

def check_play(tally, scenario, log):
    """Each step was asked for, and the tools' results were those of the scenario."""
    with open(log, encoding="utf-8") as source:
        lines = source.read().splitlines()
    played = {tuple(line.split()[1:3]) for line in lines if line.startswith("play")}
    prompts = [scene.get("prompt") for scene in scenario["play"]]
    # Where no sub-agents are to be had, their turns are not played.
    alone = any(line.endswith(" else") for line in lines)
    for name, turn in scenario["turns"].items():
        steps = range(len(turn["steps"]))
        missing = [str(n) for n in steps if (name, str(n)) not in played]
        missing = [] if alone and name not in prompts else missing
        tally.row("play", name, "every step",
                  {"model": "never came to " + ", ".join(missing) if missing else None})
    odd = [line for line in lines if line.startswith("odd")]
    tally.row("play", "results", "as in the scenario", {"model": odd[0] if odd else None})


def main():
    parser = argparse.ArgumentParser(description="what git ai-log says against the truth")
    parser.add_argument("scenario")
    parser.add_argument("--model", help="the model that the agent ran with")
    parser.add_argument("--log", help="the log of mock_model.py")
    options = parser.parse_args()
    scenario = load(options.scenario)
    commits = list(commits_of(scenario))
    tally = Tally()
    print("     %-26s %-38s %-18s %s" % ("file:line", "text", "expected", "got"))
    if options.log:
        check_play(tally, scenario, options.log)
    for subject, commit, files in commits:
        check_commit(tally, scenario, subject, commit, files)
    if commits and commits[-1][1]:
        check_head(tally, scenario, commits, options.model or scenario["model"])
    print("%d passed, %d failed" % (tally.passed, tally.failed))
    sys.exit(1 if tally.failed else 0)


if __name__ == "__main__":
    main()
