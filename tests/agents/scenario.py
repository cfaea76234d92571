#!/usr/bin/env python3
"""Reads a scenario: what the others share.    scenario.py FILE KEY...  prints one value of it.

A scenario names its `story` (another file beside it), which holds what does not depend on
the agent: the files at the start, the order of the play, and what is expected at the end.
What the scenario itself says wins. A list of strings is a text with that many lines;
`{"list": [...]}` is a list that stays one.
"""
import json
import os
import re
import sys


def load(path, names=None):
    """The scenario with its story, and with the values of ${NAME} in its turns."""
    with open(path, encoding="utf-8") as source:
        scenario = json.load(source)
    if "story" in scenario:
        scenario = {**load(os.path.join(os.path.dirname(path), scenario["story"])), **scenario}
    if names:
        scenario["turns"] = fill(scenario["turns"], names)
    return scenario


def fill(value, names):
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = "\n".join(value)
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: names.get(found[1], found[0]), value)
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if isinstance(value, dict) and list(value) == ["list"]:
        return [fill(item, names) for item in value["list"]]
    if isinstance(value, dict):
        return {key: fill(item, names) for key, item in value.items()}
    return value


def main():
    value = load(sys.argv[1])
    for key in sys.argv[2:]:
        try:
            value = value[int(key) if isinstance(value, list) else key]
        except (IndexError, KeyError):
            return  # nothing there, nothing printed
    print("\n".join(value) if isinstance(value, (list, dict)) else value)


if __name__ == "__main__":
    main()
