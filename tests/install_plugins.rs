//! `git ai-log install` and `doctor` for agents that are told by a plugin, by scripts, or by a
//! list of their own.

#![allow(clippy::unwrap_used, reason = "a test may end where it fails")]

mod install_env;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use install_env::World;

/// The agents of this file, and the files that they are told by in a project and for the user.
const AGENTS: &[(&str, &str, &str)] = &[
    ("amp", ".amp/plugins/git-ai-log.ts", ".config/amp/plugins/git-ai-log.ts"),
    ("cline", ".clinerules/hooks/PreToolUse", ".cline/hooks/PreToolUse"),
    ("opencode", ".opencode/plugins/git-ai-log.js", ".config/opencode/plugins/git-ai-log.js"),
    ("vibe", ".vibe/hooks.toml", ".vibe/hooks.toml"),
];

fn install(world: &World, agent: &str, user: bool) -> install_env::Ran {
    let scope = if user { "--user" } else { "--project" };
    world.run(&["install", scope, "--agent", agent, "--no-git-hooks"])
}

#[test]
fn what_is_written_comes_once_and_goes_again() {
    for (agent, project, home) in AGENTS {
        let world = World::named("it's here");
        let before = world.picture();
        let shown = world.run(&["install", "--agent", agent, "--no-git-hooks", "--dry-run"]).ok();
        assert!(shown.contains(&format!("+++ {project}")), "{shown}");
        assert!(shown.contains(&format!("git-ai-log record {agent}")), "{shown}");
        assert_eq!(world.picture(), before);
        for (user, file) in [(false, world.repo.join(project)), (true, world.home(home))] {
            install(&world, agent, user).ok();
            assert!(std::fs::read_to_string(&file).unwrap().contains("git-ai-log record"));
            assert_eq!(install(&world, agent, user).ok(), "nothing to do\n");
            let scope = if user { "--user" } else { "--project" };
            world.run(&["uninstall", scope]).ok();
            let _ = std::fs::remove_dir_all(world.home(".local"));
            assert_eq!(world.picture(), before, "{agent}");
        }
    }
}

#[test]
fn agents_that_keep_their_sessions_need_no_hooks() {
    let world = World::new();
    let said = world.run(&["install", "--list"]).ok();
    for agent in ["aider", "continue"] {
        let line = said.lines().find(|line| line.starts_with(agent)).unwrap();
        assert!(line.contains("read at each commit"), "{said}");
        let none = world.run(&["install", "--agent", agent]);
        assert!(none.err.contains(&format!("{agent} has no hooks")), "{none:?}");
    }
}

#[test]
fn copilot_in_vs_code_runs_the_file_of_copilot_cli() {
    let world = World::new();
    let said = world.run(&["install", "--list"]).ok();
    assert!(said.contains("copilot-vscode  runs the hooks of copilot-cli"), "{said}");
    let before = world.picture();
    for (user, file) in [
        (false, world.repo.join(".github/hooks/git-ai-log.json")),
        (true, world.home(".copilot/hooks/git-ai-log.json")),
    ] {
        let said = install(&world, "copilot-vscode", user);
        assert!(said.err.contains("copilot-vscode runs the hooks of copilot-cli"), "{said:?}");
        said.ok();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("git-ai-log record copilot-cli"), "{text}");
        // It is the same file, whoever is named.
        assert_eq!(install(&world, "copilot-cli", user).ok(), "nothing to do\n");
        let scope = if user { "--user" } else { "--project" };
        world.run(&["uninstall", scope, "--agent", "copilot-vscode"]).ok();
        assert!(!file.exists());
    }
    world.run(&["uninstall"]).ok();
    world.run(&["uninstall", "--user"]).ok();
    let _ = std::fs::remove_dir_all(world.home(".local"));
    assert_eq!(world.picture(), before);
}

/// Runs a hook's script with nothing of this shell's path but where the program may lie.
fn call(world: &World, script: &Path) -> String {
    let mut command = world.command(script);
    command.stdin(Stdio::null());
    let ran = command.output().unwrap();
    assert_eq!((ran.status.code(), ran.stderr.len()), (Some(0), 0), "{ran:?}");
    String::from_utf8(ran.stdout).unwrap()
}

#[test]
fn clines_scripts_let_it_go_on() {
    let world = World::new();
    install(&world, "cline", false).ok();
    let folder = world.repo.join(".clinerules/hooks");
    let scripts: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(scripts.len(), 7);
    for script in &scripts {
        assert_eq!(script.metadata().unwrap().permissions().mode() & 0o111, 0o111);
    }
    let script = folder.join("PostToolUse");
    assert_eq!(call(&world, &script), "{\"cancel\":false}\n");
    assert_eq!(world.trace(), ["ours record cline <>"]);
    let before = folder.join("PreToolUse");
    assert_eq!(call(&world, &before), "{\"cancel\":false}\n");
    let traced = world.trace();
    assert_eq!(traced.len(), 2, "{traced:?}");
    assert!(traced[0].starts_with("ours hook agent-gate cline"), "{traced:?}");
    assert!(traced[1].starts_with("ours record cline"), "{traced:?}");
    world.remove_program();
    for script in [script, before] {
        assert_eq!(call(&world, &script), "{\"cancel\":false}\n");
    }
    assert_eq!(world.trace(), [""; 0]);
}

#[test]
fn a_script_of_another_programs_stays() {
    let world = World::new();
    let theirs = "#!/bin/sh\necho '{\"cancel\":false}'\n";
    let script = world.script("repo/.clinerules/hooks/PreToolUse", theirs);
    let said = install(&world, "cline", false);
    assert!(said.err.contains("PreToolUse is another program's"), "{said:?}");
    said.ok();
    assert_eq!(std::fs::read_to_string(&script).unwrap(), theirs);
    assert!(world.repo.join(".clinerules/hooks/PostToolUse").is_file());
    world.run(&["uninstall"]).ok();
    assert_eq!(std::fs::read_to_string(&script).unwrap(), theirs);
    assert!(!world.repo.join(".clinerules/hooks/PostToolUse").exists());
}

#[test]
fn cline_has_a_folder_for_its_extension_and_rules_may_be_a_file() {
    let world = World::new();
    std::fs::create_dir_all(world.home("Documents/Cline")).unwrap();
    world.write("repo/.clinerules", "Be kind.\n");
    install(&world, "cline", true).ok();
    assert!(world.home("Documents/Cline/Hooks/TaskStart").is_file());
    assert!(world.home(".cline/hooks/TaskStart").is_file());
    install(&world, "cline", false).ok();
    assert!(world.repo.join(".cline/hooks/TaskStart").is_file());
}

#[test]
fn vibes_list_keeps_what_is_the_users() {
    let world = World::new();
    let original =
        "# mine\n[[hooks]]\nname = \"lint\" # always\ntype = \"post_agent\"\ncommand = \"lint\"";
    let file = world.write("home/.vibe/hooks.toml", original);
    install(&world, "vibe", true).ok();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with(original), "{text}");
    assert_eq!(text.matches("\ntype = ").count(), 6, "{text}");
    world.run(&["uninstall", "--user"]).ok();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), original);
}

#[test]
fn doctor_plays_what_is_installed() {
    let world = World::new();
    world.put_real_program();
    let mut install = vec!["install"];
    AGENTS.iter().for_each(|(agent, ..)| install.extend(["--agent", agent]));
    world.run(&install).ok();
    let before = world.picture();
    let mut doctor = world.command(env!("CARGO_BIN_EXE_git-ai-log"));
    // A folder of the user's that the probe must not look into.
    doctor.arg("doctor").env("CLINE_DIR", world.path("elsewhere"));
    let ran = doctor.output().unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(0), "{said}");
    for agent in ["amp", "cline", "opencode", "vibe"] {
        let proof = format!("ok    probe {agent} (project)  its own commands recorded a prompt");
        assert!(said.contains(&proof), "{said}");
    }
    for agent in ["amp", "cline", "opencode", "vibe"] {
        let denied = format!("ok    probe {agent} (project)  `git commit --no-verify` in an");
        assert!(said.contains(&denied), "{said}");
    }
    assert_eq!(world.picture(), before);
    world.no_temporary_files();
}

/// opencode as the plugin sees it: a prompt, an edit, a sub-agent's edit, a command that is denied.
const OPENCODE: &str = r#"
import { GitAiLog } from "PLUGIN"
const directory = process.cwd()
const client = { session: { get: async () => ({ data: { parentID: "ses_main" } }) } }
const hooks = await GitAiLog({ client, directory, worktree: directory })
const message = (id, sessionID) => ({
  message: { id, sessionID, model: { modelID: "model-1" } },
  parts: [
    { type: "text", text: "Change it." },
    { type: "text", text: "(a file's text)", synthetic: true },
  ],
})
await hooks.event({ event: { type: "session.created", properties: { info: { id: "ses_main" } } } })
await hooks["chat.message"]({ sessionID: "ses_main" }, message("msg_1", "ses_main"))
await hooks["chat.message"]({ sessionID: "ses_child" }, message("msg_2", "ses_child"))
const args = { filePath: directory + "/a.txt", content: "x\n" }
const call = { tool: "write", sessionID: "ses_child", callID: "call_1", args }
await hooks["tool.execute.before"](call, { args })
await hooks["tool.execute.after"](call, { output: "long", metadata: { exists: false, output: "long" } })
await hooks["tool.execute.before"]({ tool: "glob", sessionID: "ses_main", callID: "c" }, { args: {} })
await hooks.event({ event: { type: "session.idle", properties: { sessionID: "ses_main" } } })
// Nothing of this may be thrown.
await hooks.event({ event: {} })
await hooks["chat.message"]({}, {})
await hooks["tool.execute.after"]({}, undefined)
const env = {}
await hooks["shell.env"]({ sessionID: "ses_child" }, { env })
console.log(env.GIT_AI_LOG_OPENCODE_SESSION)
const denied = { command: "git commit --no-verify" }
try {
  await hooks["tool.execute.before"]({ tool: "bash", sessionID: "ses_main", callID: "c" }, { args: denied })
  console.log("went on")
} catch (error) {
  console.log(error.message)
}
"#;

/// Amp as the plugin sees it: a prompt, an edit, a command that is denied, the turn's end.
const AMP: &str = r#"
import plugin from "PLUGIN"
const hooks = {}
plugin({
  on: (name, hook) => (hooks[name] = hook),
  system: { workspaceRoot: { toString: () => "file://" + process.cwd() } },
  helpers: { filePathFromURI: (uri) => uri.toString().slice("file://".length) },
})
const thread = { id: "T-1" }
const say = async (name, event) => JSON.stringify(await hooks[name]({ thread, ...event }))
await say("session.start", {})
await say("agent.start", { id: 3, message: "Change it." })
const call = { toolUseID: "toolu_1", tool: "edit_file", input: { path: "a.txt", old_str: "x", new_str: "y" } }
console.log(await say("tool.call", call))
const output = { diff: "```diff\n@@ -1 +1 @@\n-x\n+y\n```", lineRange: [1, 1] }
await say("tool.result", { ...call, status: "done", output })
await say("tool.call", { toolUseID: "toolu_2", tool: "web_search", input: {} })
await say("agent.start", { id: 4, message: "git ai-log: the checklist has findings." })
// Nothing of this may be thrown.
for (const name of Object.keys(hooks)) await hooks[name](undefined)
const denied = { toolUseID: "toolu_3", tool: "shell_command", input: { command: "git commit --no-verify" } }
console.log(await say("tool.call", denied))
console.log(await say("agent.end", { id: 4, status: "done", messages: [] }))
"#;

/// Runs opencode's plugin, where there is something to run it with.
fn play(world: &World) -> Option<String> {
    play_with(world, ".opencode/plugins/git-ai-log.js", OPENCODE)
}

/// Runs a plugin in this play.
fn play_with(world: &World, plugin: &str, play: &str) -> Option<String> {
    let node = Command::new("sh").args(["-c", "command -v node"]).output().unwrap();
    let node = String::from_utf8(node.stdout).unwrap();
    if node.trim().is_empty() {
        return None;
    }
    let plugin = world.repo.join(plugin);
    let copy = world.write("plugin.mjs", std::fs::read(plugin).unwrap());
    let script = play.replace("PLUGIN", copy.to_str().unwrap());
    let script = world.write("play.mjs", script);
    let mut node = world.command(node.trim());
    node.arg(script);
    let ran = node.output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    Some(String::from_utf8(ran.stdout).unwrap())
}

#[test]
fn opencodes_plugin_tells_and_asks() {
    let world = World::new();
    install(&world, "opencode", false).ok();
    let Some(said) = play(&world) else { return };
    assert_eq!(said, "ses_main\nwent on\n");
    let trace = world.trace();
    let told: Vec<serde_json::Value> = trace
        .iter()
        .filter_map(|line| line.strip_prefix("ours record opencode <")?.strip_suffix('>'))
        .map(|payload| serde_json::from_str(payload).unwrap())
        .collect();
    let events: Vec<_> = told.iter().map(|payload| payload["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        [
            "chat.message",
            "tool.execute.before",
            "tool.execute.after",
            "session.idle",
            "tool.execute.before"
        ]
    );
    assert_eq!(told[0]["prompt"], "Change it.");
    for payload in &told {
        assert_eq!((&payload["session"], &payload["turn"]), (&"ses_main".into(), &"msg_1".into()));
        assert_eq!(payload["model"], "model-1");
    }
    assert_eq!(told[2]["subagent"], "ses_child");
    assert_eq!(told[2]["metadata"], serde_json::json!({"exists": false}));
    // Without the program nothing is told, and nothing is disturbed.
    world.remove_program();
    assert_eq!(play(&world).unwrap(), "ses_main\nwent on\n");
    world.put_program();
    // With the gate, the command is denied.
    world.put_real_program();
    world.write("repo/.ai-log.toml", "");
    let said = play(&world).unwrap();
    assert!(said.contains("`git commit --no-verify`"), "{said}");
}

#[test]
fn amps_plugin_tells_and_asks() {
    let world = World::new();
    install(&world, "amp", false).ok();
    let play = || play_with(&world, ".amp/plugins/git-ai-log.ts", AMP);
    let Some(said) = play() else { return };
    let allowed = "{\"action\":\"allow\"}\n";
    assert_eq!(said, format!("{allowed}{allowed}undefined\n"));
    let trace = world.trace();
    let told: Vec<serde_json::Value> = trace
        .iter()
        .filter_map(|line| line.strip_prefix("ours record amp <")?.strip_suffix('>'))
        .map(|payload| serde_json::from_str(payload).unwrap())
        .collect();
    let events: Vec<_> = told.iter().map(|payload| payload["event"].as_str().unwrap()).collect();
    let all =
        ["session.start", "agent.start", "tool.call", "tool.result", "tool.call", "agent.end"];
    assert_eq!(events, all);
    assert_eq!(told[1]["message"], "Change it.");
    for payload in &told[1..] {
        assert_eq!((&payload["thread"]["id"], &payload["turn"]), (&"T-1".into(), &3.into()));
        assert_eq!(payload["cwd"], world.repo.to_str().unwrap());
    }
    let diff = serde_json::json!({ "diff": "```diff\n@@ -1 +1 @@\n-x\n+y\n```" });
    assert_eq!((&told[3]["output"], &told[3]["status"]), (&diff, &"done".into()));
    // Without the program nothing is told, and nothing is disturbed.
    world.remove_program();
    assert_eq!(play().unwrap(), said);
    world.put_program();
    // With the gate, the command is denied.
    world.put_real_program();
    world.write("repo/.ai-log.toml", "");
    let said = play().unwrap();
    assert!(
        said.contains("reject-and-continue") && said.contains("`git commit --no-verify`"),
        "{said}"
    );
}
