#!/usr/bin/env python3
"""Checks what the gate did in an agent's loop.

    expect_gate.py SCENARIO --log FILE [--model NAME]      in the repository that was played in

Every step has to have been played, in order and with the result that the scenario expects; the
texts of the gate have to have reached the model (its requests lie beside the log); and the
commit that came of it has to have passed the gate. Prints the play and what was said in it.
Exits 1 when something is not so.
"""
import argparse
import glob
import json
import os
import subprocess
import sys

from mock_model import MARK, PROTOCOLS
from scenario import load


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode()


def conversation(folder):
    """The longest conversation that the model was sent."""
    talks = []
    for name in glob.glob(os.path.join(folder, "*.json")):
        service = name.rsplit("-", 1)[-1][:-len(".json")]
        with open(name, encoding="utf-8") as source:
            if service in PROTOCOLS:
                talks.append(PROTOCOLS[service][0](json.load(source))[0])
    return max(talks, key=len, default=[])


def call(turns, name):
    """What a tool call of the scenario's was given."""
    turn, step = MARK.search(name).groups()
    given = turns[turn]["steps"][int(step)]["call"]
    given = given.get("shell") or given.get("patch") or given["args"]
    return given if isinstance(given, str) else "\n".join("%s: %s" % pair for pair in given.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario")
    parser.add_argument("--log", required=True)
    parser.add_argument("--model")
    options = parser.parse_args()
    expect = load(options.scenario)["expect"]
    with open(options.log, encoding="utf-8") as log:
        lines = log.read().splitlines()
    talk = conversation(os.path.join(os.path.dirname(options.log), "requests"))
    said = "\n".join(item[-1] for item in talk if item[0] in ("asked", "result"))
    turns = load(options.scenario, {"CWD": "."})["turns"]
    for kind, *rest in talk:
        text = rest[-1] if kind != "called" else call(turns, rest[0])
        if "system-reminder" not in text and "<environment_context>" not in text:
            print("%-7s %s" % (kind, text.strip().replace("\n", "\n        ")))
    played = [line.split(" ", 1)[1].removesuffix(" else") for line in lines if line.startswith("play ")]
    show = json.loads(run("git", "ai-log", "show", "--json"))
    checks = {
        "every step was played once, in order": played == expect["played"],
        "every result was as expected": not [line for line in lines if line.startswith("odd")],
        "the commit that passed is HEAD": show["subject"] == expect["subject"],
        "it is %s, %s" % (expect["gate"], expect["verdict"]):
            (show["gate"], show["verdict"]) == (expect["gate"], expect["verdict"]),
        "it is the only one": run("git", "rev-list", "--count", "HEAD").strip() == "2",
        "the secret is in no commit": expect["absent"] not in run("git", "log", "-p"),
    }
    prompts = {turns[scene["prompt"]]["prompt"] for scene in load(options.scenario)["play"]
               if "prompt" in scene}
    checks["only a person's prompts are prompts"] = {
        turn.get("prompt") for turn in show["turns"]} <= prompts
    for text in expect["said"]:
        checks["the model was told: %s" % text] = text in said
    for what, holds in checks.items():
        print("%-4s %s" % ("ok" if holds else "FAIL", what))
    failed = [what for what, holds in checks.items() if not holds]
    print("%d passed, %d failed" % (len(checks) - len(failed), len(failed)))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
