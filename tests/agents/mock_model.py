#!/usr/bin/env python3
"""A scripted model service on loopback, so that a real coding agent plays a known part.

    mock_model.py SCENARIO [--port-file FILE] [--bodies DIR] [--set NAME=VALUE]...
    mock_model.py --selftest

It answers `POST …/messages` (Anthropic Messages), `POST …/responses` (OpenAI Responses),
`POST …/chat/completions` (OpenAI Chat) and `POST …/NAME:streamGenerateContent` (Gemini) with a
stream of events. What it says comes from the scenario:

    {"turns": {"first": {"prompt": "Add a label.",
                         "steps": [{"say": "I write it.",
                                    "call": {"tool": "Write", "args": {"file_path": "${CWD}/a"}},
                                    "result": "created"},
                                   {"say": "Done."}]}}}

A step says something, calls a tool, or both. A tool takes `args` (an object) or `input` (a
text, for the Responses API's custom tools). `patch` and `shell` in place of a tool name are
for Codex, which offers other tools to other models: they become what the request offers, as
a call with an `else` becomes that when its own tool is not offered. `result` is a text that
the tool's result has to contain; when it does not, the log says so.

Nothing is kept between requests. Every tool call's id carries its turn and step, and the
agent sends these ids back with its history: the answer is the step behind the last of them,
or the first step of a turn whose prompt came later. So a repeated request gets the same
answer, and a resumed session or a sub-agent's task is simply one more turn.

The log (standard output) has one line a request: `play TURN STEP` (and `else` where that
was taken), `idle: …` for one that belongs to no turn (an agent may ask for a title, say),
and `odd result …` for a surprise.
"""
import argparse
import itertools
import json
import os
import re
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scenario import load

MARK = re.compile(r"_at_(\w+?)_(\d+)_[0-9a-f]{12}$")
IDLE = "Nothing to do."
REQUESTS = itertools.count(1)


# ---- the scenario

def place(turns, talk):
    """(turn, step) that follows a conversation, or None outside every turn.

    A conversation is a list of ("asked", text), ("called", id) and ("result", id, text).
    """
    here = None
    for kind, value, *_ in talk:
        if kind == "asked":
            here = next(((name, 0) for name, turn in turns.items() if turn["prompt"] in value), here)
        elif kind == "called" and MARK.search(value):
            name, step = MARK.search(value).groups()
            here = (name, int(step) + 1)
    return here


def surprises(turns, talk):
    """The newest step's results that do not say what the scenario expects."""
    last = [MARK.search(item[1]) for item in talk if item[0] == "called"][-1:]
    if not last or not last[0]:
        return
    name, step = last[0].group(1), int(last[0].group(2))
    wanted = turns[name]["steps"][step].get("result", "")
    for kind, value, *text in talk:
        mark = kind == "result" and MARK.search(value)
        if mark and mark.groups() == (name, str(step)) and wanted not in text[0]:
            yield "odd result of %s %d: %r" % (name, step, text[0][:300])


def as_offered(call, offered):
    """The call in the form for which this request offers a tool, and whether that is `else`.

    In Codex's code mode the model writes JavaScript for a tool `exec`; a failing tool
    throws there, and the text of what it threw is the result that we want to see.
    """
    instead = "else" in call and call["tool"] not in offered
    call = call["else"] if instead else call
    for kind, tool, form in (("patch", "apply_patch", "input"), ("shell", "exec_command", "args")):
        if kind in call:
            given = call[kind] if form == "input" else {"cmd": call[kind]}
            script = "try { text(await tools.%s(%s)); } catch (e) { text(String(e)); }"
            call = {"tool": tool, form: given} if tool in offered else {
                "tool": "exec", "namespace": "functions", "input": script % (tool, json.dumps(given))}
    return call, instead


def answer(turns, talk, offered):
    """(what to say, the call with its id or None, line for the log)."""
    here = place(turns, talk)
    if here is None or here[1] >= len(turns[here[0]]["steps"]):
        return IDLE, None, "idle: no turn is on"
    name, number = here
    step = turns[name]["steps"][number]
    if "call" not in step:
        return step["say"], None, "play %s %d" % here
    call, instead = as_offered(step["call"], offered)
    if call["tool"] not in offered:
        return IDLE, None, "idle: %s %d needs %s, which is not offered" % (*here, call["tool"])
    call = dict(call, id="_at_%s_%d_%s" % (*here, uuid.uuid4().hex[:12]))
    return step.get("say", ""), call, "play %s %d%s" % (*here, " else" if instead else "")


# ---- reading requests

def words(content):
    """All text inside a message's content, which comes in many shapes."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(words(part) for part in content)
    if isinstance(content, dict):
        # Codex hands a sub-agent its task as "encrypted_content", in clear here.
        return "\n".join(words(content[key]) for key in ("text", "content", "encrypted_content")
                         if key in content)
    return ""


def read_messages(body):
    talk = []
    for message in body.get("messages", []):
        content = message.get("content")
        for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            kind = part.get("type")
            if kind == "tool_use":
                talk.append(("called", part["id"]))
            elif kind == "tool_result":
                talk.append(("result", part["tool_use_id"], words(part.get("content"))))
            elif message.get("role") == "user":
                talk.append(("asked", words(part)))
    return talk, {tool.get("name") for tool in body.get("tools") or []}


def read_responses(body):
    talk, tools = [], list(body.get("tools") or [])
    for item in body.get("input", []):
        kind = item.get("type", "message")
        if kind.endswith("_call"):
            talk.append(("called", item.get("call_id") or ""))
        elif kind.endswith("_call_output"):
            talk.append(("result", item.get("call_id") or "", words(item.get("output"))))
        elif kind == "additional_tools":  # newer Codex models get their tools this way
            tools.extend(item.get("tools") or [])
        elif kind == "agent_message" or item.get("role") == "user":
            talk.append(("asked", words(item.get("content"))))
    for tool in list(tools):
        tools.extend(tool.get("tools") or [])  # those of a namespace
    return talk, {tool.get("name") for tool in tools}


# ---- writing answers

def write_messages(model, say, call):
    """The whole message, and the events that stream it."""
    content = [{"type": "text", "text": say}] if say else []
    if call:
        content.append({"type": "tool_use", "id": "toolu" + call["id"], "name": call["tool"],
                        "input": call.get("args", {})})
    reason = "tool_use" if call else "end_turn"
    whole = {"id": "msg_" + uuid.uuid4().hex, "type": "message", "role": "assistant",
             "model": model, "content": content, "stop_reason": reason, "stop_sequence": None,
             "usage": {"input_tokens": 1, "output_tokens": 1}}
    events = [{"type": "message_start", "message": dict(whole, content=[], stop_reason=None)}]
    for index, block in enumerate(content):
        if block["type"] == "text":
            empty, delta = dict(block, text=""), {"type": "text_delta", "text": say}
        else:
            empty = dict(block, input={})
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        events += [{"type": "content_block_start", "index": index, "content_block": empty},
                   {"type": "content_block_delta", "index": index, "delta": delta},
                   {"type": "content_block_stop", "index": index}]
    events += [{"type": "message_delta", "usage": {"output_tokens": 1},
                "delta": {"stop_reason": reason, "stop_sequence": None}}, {"type": "message_stop"}]
    return whole, events


def write_responses(model, say, call):
    items = []
    if say:
        items.append({"type": "message", "role": "assistant", "id": "msg_" + uuid.uuid4().hex,
                      "content": [{"type": "output_text", "text": say, "annotations": []}]})
    if call:
        item = {"call_id": "call" + call["id"], "name": call["tool"], "status": "completed"}
        if "namespace" in call:
            item["namespace"] = call["namespace"]
        if "input" in call:
            item.update(type="custom_tool_call", input=call["input"])
        else:
            item.update(type="function_call", arguments=json.dumps(call.get("args", {})))
        items.append(item)
    whole = {"id": "resp_" + uuid.uuid4().hex, "object": "response", "status": "completed",
             "model": model, "output": items,
             "usage": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}
    events = [{"type": "response.created", "response": dict(whole, status="in_progress", output=[])}]
    events += [{"type": "response.output_item.done", "output_index": index, "item": item}
               for index, item in enumerate(items)]
    return whole, events + [{"type": "response.completed", "response": whole}]


def read_chat(body):
    talk = []
    for message in body.get("messages", []):
        role = message.get("role")
        if role == "user":
            talk.append(("asked", words(message.get("content"))))
        elif role == "tool":
            talk.append(("result", message.get("tool_call_id") or "", words(message.get("content"))))
        for call in message.get("tool_calls") or []:
            talk.append(("called", call.get("id") or ""))
    return talk, {tool.get("function", {}).get("name") for tool in body.get("tools") or []}


def write_chat(model, say, call):
    message = {"role": "assistant", "content": say or None}
    if call:
        given = {"name": call["tool"], "arguments": json.dumps(call.get("args", {}))}
        message["tool_calls"] = [{"index": 0, "id": "call" + call["id"], "type": "function",
                                  "function": given}]
    reason = "tool_calls" if call else "stop"
    common = {"id": "chatcmpl-" + uuid.uuid4().hex, "created": 1, "model": model}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = dict(common, object="chat.completion", usage=usage,
                 choices=[{"index": 0, "message": message, "finish_reason": reason}])
    chunk = dict(common, object="chat.completion.chunk")
    events = [dict(chunk, choices=[{"index": 0, "delta": message, "finish_reason": None}]),
              dict(chunk, choices=[{"index": 0, "delta": {}, "finish_reason": reason}]),
              dict(chunk, choices=[], usage=usage)]
    return whole, events


def read_gemini(body):
    talk = []
    for message in body.get("contents", []):
        for part in message.get("parts", []):
            if "functionCall" in part:
                talk.append(("called", part["functionCall"].get("id") or ""))
            elif "functionResponse" in part:
                given = part["functionResponse"]
                talk.append(("result", given.get("id") or "", json.dumps(given.get("response"))))
            elif message.get("role") == "user":
                talk.append(("asked", words(part)))
    tools = [one for tool in body.get("tools") or [] for one in tool.get("functionDeclarations", [])]
    return talk, {tool.get("name") for tool in tools}


def write_gemini(model, say, call):
    parts = [{"text": say}] if say else []
    if call:
        parts.append({"functionCall": {"id": "fc" + call["id"], "name": call["tool"],
                                       "args": call.get("args", {})}})
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
    whole = {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP",
                             "index": 0}], "usageMetadata": usage, "modelVersion": model}
    return whole, [whole]


PROTOCOLS = {"messages": (read_messages, write_messages),
             "responses": (read_responses, write_responses),
             "completions": (read_chat, write_chat),
             "streamGenerateContent": (read_gemini, write_gemini),
             "generateContent": (read_gemini, write_gemini)}


def stream(events):
    """The events as they are sent; those of Chat and Gemini have no names, and Chat's an end."""
    named = "type" in events[0] or "candidates" in events[0]
    lines = ["event: %s\n" % event["type"] if "type" in event else "" for event in events]
    text = "".join("%sdata: %s\n\n" % pair for pair in zip(lines, map(json.dumps, events)))
    return text if named else text + "data: [DONE]\n\n"


# ---- the server

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, data, kind="application/json", status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        self.reply(b"{}", status=404)

    do_HEAD = do_GET

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        last = self.path.split("?")[0].rstrip("/").rsplit("/", 1)[-1]
        model, _, service = last.rpartition(":")
        if self.server.bodies:
            name = "%03d-%s.json" % (next(REQUESTS), service)
            with open(os.path.join(self.server.bodies, name), "wb") as out:
                out.write(raw)
        if service not in PROTOCOLS:
            print("idle: no service %s" % self.path, flush=True)
            return self.reply(b'{"error": {"type": "not_found_error"}}', status=404)
        read, write = PROTOCOLS[service]
        body = json.loads(raw)
        talk, offered = read(body)
        say, call, line = answer(self.server.turns, talk, offered)
        print("\n".join([line, *surprises(self.server.turns, talk)]), flush=True)
        whole, events = write(body.get("model") or model, say, call)
        if body.get("stream") or service not in ("completions", "generateContent"):
            return self.reply(stream(events).encode(), "text/event-stream")
        self.reply(json.dumps(whole).encode())


# ---- trying it

def selftest():
    turns = {"one": {"prompt": "do it", "steps": [
        {"say": "first", "call": {"tool": "T", "args": {"x": "y"}}, "result": "fine"},
        {"say": "second"}]}, "two": {"prompt": "once more", "steps": [{"say": "third"}]}}
    asked = ("asked", "please do it now")
    user = {"role": "user", "content": asked[1]}
    for read, write in PROTOCOLS.values():
        say, call, line = answer(turns, [asked], {"T"})
        assert (say, line) == ("first", "play one 0"), line
        whole, events = write("m", say, call)
        assert call["id"] in json.dumps(events)
        if read is read_chat:
            history = {"messages": [user, whole["choices"][0]["message"], {
                "role": "tool", "content": "bad", "tool_call_id": "call" + call["id"]}]}
        elif read is read_gemini:
            history = {"contents": [{"role": "user", "parts": [{"text": asked[1]}]},
                                    whole["candidates"][0]["content"], {"role": "user", "parts": [
                                        {"functionResponse": {"id": "fc" + call["id"],
                                                              "response": {"output": "bad"}}}]}]}
        elif read is read_messages:
            history = {"messages": [user, {"role": "assistant", "content": whole["content"]}, {
                "role": "user", "content": [{"type": "tool_result", "content": "bad",
                                             "tool_use_id": "toolu" + call["id"]}]}]}
        else:
            history = {"input": [user, *whole["output"], {
                "type": "function_call_output", "call_id": "call" + call["id"], "output": "bad"}]}
        talk, _ = read(history)
        assert answer(turns, talk, {"T"})[::2] == ("second", "play one 1"), talk
        assert len(list(surprises(turns, talk))) == 1
        assert answer(turns, talk + [("asked", "once more")], set())[0] == "third"
        assert answer(turns, [asked], set())[2].startswith("idle")
    print("selftest passed")


def main():
    parser = argparse.ArgumentParser(description="a scripted model service")
    parser.add_argument("scenario", nargs="?")
    parser.add_argument("--port-file", default=os.devnull, help="gets the port once it listens")
    parser.add_argument("--bodies", help="folder for the requests as they came")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--selftest", action="store_true")
    options = parser.parse_args()
    if options.selftest:
        return selftest()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.turns = load(options.scenario, dict(pair.split("=", 1) for pair in options.set))["turns"]
    server.bodies = options.bodies
    with open(options.port_file, "w") as out:
        print(server.server_port, file=out)
    server.serve_forever()


if __name__ == "__main__":
    main()
