//! What a person should know where another program manages the hooks too.

use std::path::{Path, PathBuf};

use super::{HOOKS, Hook, Manager, Site};

/// For pre-commit and prek.
pub(super) const PRE_COMMIT: &str = "\
pre-commit and prek leave these hooks alone, and run them when they are told to install the same \
ones. To have .pre-commit-config.yaml call them instead (post-rewrite cannot: its input is lost):
  - repo: local
    hooks:
      - id: ai-log-pre-commit
        name: git ai-log (checklist)
        language: system
        entry: git-ai-log hook pre-commit
        stages: [pre-commit]
        always_run: true
        pass_filenames: false
      - id: ai-log-post-commit
        name: git ai-log
        language: system
        entry: git-ai-log hook post-commit
        stages: [post-commit]
        always_run: true
        pass_filenames: false
      - id: ai-log-pre-push
        name: git ai-log (notes)
        language: system
        entry: git-ai-log hook pre-push
        stages: [pre-push]
        always_run: true
        pass_filenames: false";

/// lefthook moves aside what stands where its configuration names a hook, and does not run it.
pub(super) fn lefthook(top: &Path) -> Vec<String> {
    let text = lefthook_file(top).and_then(|path| std::fs::read_to_string(path).ok());
    let text = text.unwrap_or_default();
    let named: Vec<&Hook> = HOOKS
        .iter()
        .filter(|hook| {
            let key = |line: &str| line.trim_matches(['[', ']', '"']).starts_with(hook.name);
            text.lines().any(key)
        })
        .collect();
    if named.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "lefthook's configuration names {}: each time lefthook installs itself it will put our \
         hook aside and not run it. Run this again then, or add to that configuration:
{}",
        named.iter().map(|hook| hook.name).collect::<Vec<_>>().join(", "),
        named
            .iter()
            .map(|Hook { name, stdin }| {
                let args = if *name == "post-commit" { "" } else { " {0}" };
                let stdin = if *stdin { "\n      use_stdin: true" } else { "" };
                format!(
                    "  {name}:\n    jobs:\n    - name: git ai-log\n      run: git-ai-log hook \
                     {name}{args}{stdin}"
                )
            })
            .collect::<Vec<_>>()
            .join("\n")
    )]
}

/// The configuration of the hook manager that is used here.
pub(super) fn manager_file(site: &Site) -> Option<PathBuf> {
    let top = site.top.as_deref()?;
    let first = |names: &[&str]| names.iter().map(|name| top.join(name)).find(|p| p.is_file());
    match site.manager {
        Manager::Lefthook => lefthook_file(top),
        Manager::Prek => first(&["prek.toml"]),
        Manager::PreCommit => first(&[".pre-commit-config.yaml", ".pre-commit-config.yml"]),
        Manager::None | Manager::Husky { .. } => None,
    }
}

/// lefthook's configuration.
pub(super) fn lefthook_file(top: &Path) -> Option<PathBuf> {
    ["", ".", ".config/"]
        .iter()
        .flat_map(|dir| ["yml", "yaml", "toml", "json"].map(|ext| format!("{dir}lefthook.{ext}")))
        .map(|name| top.join(name))
        .find(|path| path.is_file())
}
