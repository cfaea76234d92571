//! The gate in an agent's own loop: what it is told at the end of a turn, and what it may not do.

use serde_json::{Value, json};

use crate::env::{Agent, TestRepo, run};

const BAD: &str = "def pay():\n    try:\n        go()\n    except Exception:\n        pass\n";

fn world() -> (TestRepo, Agent) {
    let repo = TestRepo::with(&[("readme.md", "# Shop\n")]);
    let agent = repo.claude("a").prompt("Add payment retry");
    (repo, agent)
}

/// What an agent is told when it would end its turn.
fn told(agent: &Agent) -> Option<String> {
    let answer = agent.ask("Stop", json!({"stop_hook_active": false}))?;
    assert_eq!(answer["decision"], "block");
    Some(answer["reason"].as_str().unwrap().to_owned())
}

/// Why an agent may not run a command.
fn denied(agent: &Agent, command: &str) -> Option<String> {
    refused(agent, "Bash", json!({ "command": command }))
}

fn refused(agent: &Agent, tool: &str, input: Value) -> Option<String> {
    let call = json!({"tool_name": tool, "tool_input": input, "tool_use_id": "t"});
    let answer = agent.ask("PreToolUse", call)?;
    let said = &answer["hookSpecificOutput"];
    assert_eq!(
        (&said["hookEventName"], &said["permissionDecision"]),
        (&json!("PreToolUse"), &json!("deny"))
    );
    Some(said["permissionDecisionReason"].as_str().unwrap().to_owned())
}

#[test]
fn an_agent_gets_the_findings_on_what_it_wrote_and_once() {
    let (repo, agent) = world();
    repo.write("own.py", BAD);
    assert_eq!(told(&agent), None, "a person's fault is not the agent's");
    agent.write("pay.py", BAD);
    let said = told(&agent).unwrap();
    for part in ["error[error-handling/", "pay.py:4", "except Exception:", "help:"] {
        assert!(said.contains(part), "{part:?} is not in:\n{said}");
    }
    assert!(!said.contains("own.py"));
    assert_eq!(told(&agent), None, "the same is not told twice");
    agent.edit("pay.py", "        pass", "        raise");
    assert_eq!(told(&agent), None);
    agent.write("late.py", BAD);
    assert!(told(&agent).unwrap().contains("late.py"));
}

#[test]
fn the_end_of_a_turn_is_held_up_five_times_at_most() {
    let (_repo, agent) = world();
    for n in 0..5 {
        agent.write(&format!("{n}.py"), BAD);
        assert!(told(&agent).unwrap().contains(&format!("{n}.py")));
    }
    agent.write("6.py", BAD);
    assert_eq!(told(&agent), None);
    let agent = agent.prompt("Go on");
    agent.write("7.py", BAD);
    let said = told(&agent).unwrap();
    assert!(said.contains("7.py") && !said.contains("6.py"), "{said}");
}

#[test]
fn each_turn_and_each_session_answers_for_its_own_lines() {
    let (repo, first) = world();
    first.write("pay.py", BAD);
    let other = repo.codex("b").prompt("Something else");
    other.write("notes.txt", "x\n");
    assert_eq!(told(&other), None);
    let next = first.clone().prompt("And now?");
    assert_eq!(told(&next), None);
    assert!(told(&first).is_some());
    other.write("ship.py", BAD);
    assert!(told(&other).unwrap().contains("ship.py"));
}

#[test]
fn a_subagent_answers_for_its_own_edits_and_the_agent_for_all() {
    let (_repo, agent) = world();
    agent.write("pay.py", BAD);
    let sub = agent.subagent("x");
    sub.write("ship.py", BAD);
    let answer = sub.ask("SubagentStop", json!({})).unwrap();
    let said = answer["reason"].as_str().unwrap();
    assert!(said.contains("ship.py") && !said.contains("pay.py"), "{said}");
    let said = told(&agent).unwrap();
    assert!(said.contains("ship.py") && said.contains("pay.py"), "{said}");
}

#[test]
fn a_command_that_steps_round_the_hooks_is_denied() {
    let (repo, agent) = world();
    repo.git(["config", "alias.quick", "commit --no-verify"]);
    for command in [
        "git commit -nm x",
        "cd . && git -c core.hooksPath=/dev/null commit -m x",
        "HUSKY=0 git commit -m x",
        "git quick -m x",
        "rm .git/hooks/pre-commit",
    ] {
        let why = denied(&agent, command).unwrap_or_else(|| panic!("{command} is not denied"));
        assert!(why.contains("the ordinary way"), "{why}");
    }
    for command in ["git commit -m '-n'", "git log -n 5", "git st", "echo git commit -n"] {
        assert_eq!(denied(&agent, command), None, "{command}");
    }
    let hook = repo.top.join(".git/hooks/pre-commit");
    assert!(refused(&agent, "Write", json!({"file_path": hook, "content": ""})).is_some());
    let file = repo.top.join("hooks/pre-commit");
    assert_eq!(refused(&agent, "Write", json!({"file_path": file, "content": ""})), None);
    assert!(denied(&repo.codex("b").prompt("x"), "git commit -n").is_some());
}

#[test]
fn any_other_tool_may_ask_too() {
    let repo = TestRepo::with(&[("readme.md", "# Shop\n")]);
    let tool = repo.generic("g").prompt("Add payment retry");
    let why = |answer: Option<Value>| {
        let answer = answer.unwrap();
        assert_eq!(
            (&answer["schema"], &answer["allowed"]),
            (&json!("git-ai-log/answer/1"), &json!(false))
        );
        answer["reason"].as_str().unwrap().to_owned()
    };
    assert!(why(tool.ask("shell-start", json!({"command": "git commit -n"}))).contains("past"));
    assert_eq!(tool.ask("shell-start", json!({"command": "git commit"})), None);
    let hooks = json!({"paths": [".git/hooks/pre-commit"]});
    assert!(why(tool.ask("before-edit", hooks)).contains("hooks"));
    tool.write("pay.py", BAD);
    assert!(why(tool.ask("stop", json!({}))).contains("pay.py:4"));
    assert_eq!(tool.ask("stop", json!({})), None);
}

#[test]
fn where_there_is_no_gate_nothing_is_said_or_denied() {
    let (repo, agent) = world();
    repo.git(["init", "-q", "../plain"]);
    let plain = agent.within(&repo.at("plain"));
    assert_eq!(denied(&plain, "git commit -n -m x"), None);
    plain.write("pay.py", BAD);
    assert_eq!(told(&plain), None);
    // Another repository that has one.
    let command = format!("git -C {} commit -n -m x", repo.top.display());
    let outside = agent.within(&repo.at("home"));
    assert!(denied(&outside, &command).is_some());
    repo.at("plain").write(".ai-log.toml", "");
    assert!(denied(&plain, "git commit -n -m x").is_some() && told(&plain).is_some());
}

#[test]
fn the_policy_switches_both_off_and_an_agent_does_not() {
    let (repo, agent) = world();
    let off = "[agents]\nreport-findings = false\ndeny-bypass = false\n";
    repo.committed(&[(".ai-log.toml", "preset = \"standard\"\n")]);
    agent.write("pay.py", BAD).write(".ai-log.toml", off);
    assert!(denied(&agent, "git commit -n").is_some() && told(&agent).is_some());
    repo.git(["commit", "-q", "-m", "a person lets it", ".ai-log.toml"]);
    agent.write("ship.py", BAD);
    assert_eq!((denied(&agent, "git commit -n"), told(&agent)), (None, None));
}

#[test]
fn whatever_comes_the_agent_goes_on() {
    let (repo, agent) = world();
    agent.write("pay.py", BAD);
    let say = |agent: &str, payload: &[u8]| {
        let mut hook = repo.command("git-ai-log");
        let output = run(hook.args(["hook", "agent-gate", agent]), payload);
        assert_eq!((output.code, output.stdout.len()), (Some(0), 0), "{output}");
    };
    say("claude-code", b"");
    say("claude-code", b"[1]");
    say("claude-code", b"{\"hook_event_name\":\"Stop\"}");
    say("nobody", b"{}");
    say("claude-code", b"{\"hook_event_name\":\"Stop\",\"session_id\":\"a\",\"cwd\":\"/nowhere\"}");
    repo.write(".ai-log.toml", "preset = 1");
    assert_eq!(told(&agent), None);
    assert!(denied(&agent, "git commit -n").is_some(), "a broken policy frees nobody");
    // What has been told cannot be kept: an agent that is told the same for ever does not end.
    repo.write(".ai-log.toml", "");
    std::fs::create_dir(repo.state_dir().join("told.json")).unwrap();
    assert_eq!(told(&agent), None);
}
