#!/usr/bin/env python3
"""Counts what `git ai-log backfill` found of a session that was played without any hook.

    expect_backfill.py SCENARIO [--model NAME] [--log FILE]     in the repository of the play

The truth is the scenario's, as in expect.py. Of the lines at HEAD it says how many that are no
agent's are called an agent's (none may be), how many agents' lines are found (19 of 20 must be), and
how many of these have another prompt or another model than theirs. Exits 1 where that is not so.
"""
import argparse
import sys

import expect
from scenario import load


def main():
    parser = argparse.ArgumentParser(description="what backfill says against the truth")
    parser.add_argument("scenario")
    parser.add_argument("--model")
    parser.add_argument("--log")
    options = parser.parse_args()
    scenario = load(options.scenario)
    # Lines of an agent's that a person changed: nobody sees that at the commit, but here both texts
    # are known.
    scenario.pop("unseen", None)
    commits = list(expect.commits_of(scenario))
    known = {commit: files for _, commit, files in commits}
    every = found = wrong = other = 0
    for path in commits[-1][2]:
        lines = expect.ask("blame", "--json", path).get("lines", [])
        for (commit, number), got in zip(expect.git_blame(path), lines):
            truth = known[commit][path][number - 1][0] if commit in known else None
            ai = got.get("contributor") in ("ai", "mixed")
            if not (truth and truth.by_agent):
                wrong += ai
                if ai:
                    print("WRONG %s:%d %s" % (path, got["line"], got.get("text")))
                continue
            every += 1
            found += ai
            answer = expect.answer_for(path, got["line"])
            right = (answer.get("prompt") in truth.prompts and got.get("agent") == truth.agent
                     and got.get("model") in (None, options.model))
            other += ai and not right
            if not ai or not right:
                print("%-6s %s:%d %s" % ("MISSED" if not ai else "OTHER", path, got["line"],
                                         got.get("text")))
    print("people's lines called an agent's: %d; agents' lines found: %d of %d; with another prompt, "
          "agent or model: %d" % (wrong, found, every, other))
    sys.exit(0 if every and not wrong and not other and found >= 0.95 * every else 1)


if __name__ == "__main__":
    main()
