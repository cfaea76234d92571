//! What git will really run: for each of our hooks the ways on which it is called, and what keeps
//! it from being called.

use std::path::{Path, PathBuf};

use super::files::{Found, generator, is_executable, same_but_fallback, stub};
use super::{HOOKS, Hook, HookError, Manager, Site, advice, config, husky, read};

/// One of our hooks, as git finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Which.
    pub hook: &'static Hook,
    /// How it is called. None: it is not. Two: every event is told twice.
    pub ways: Vec<Way>,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// How git comes to call us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// Our script, where git looks for it or where a hook manager put it and runs it.
    File {
        /// Where.
        path: PathBuf,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// git's configuration.
    Config {
        /// The section's name.
        section: String,
        /// What git gives to a shell.
        command: String,
    },
    /// Our line in a script that husky runs.
    Husky {
        /// The script.
        path: PathBuf,
        /// The line.
        line: String,
    },
    /// Somebody else's script or configuration names us. What else is in it is not ours to run.
    Named {
        /// Where.
        path: PathBuf,
    },
}

/// What is wrong with a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing calls us.
    Missing,
    /// Another program's hook stands where ours belongs, and does not call us.
    Replaced {
        /// The hook.
        path: PathBuf,
    },
    /// A hook manager has moved ours aside and does not run it.
    PutAside {
        /// Where it is now.
        path: PathBuf,
    },
    /// git passes it over.
    NotExecutable {
        /// The hook.
        path: PathBuf,
    },
    /// Another version wrote it, or somebody changed it.
    Outdated {
        /// The hook, or the key of the configuration.
        what: String,
    },
    /// `hook.NAME.enabled` is false.
    SwitchedOff {
        /// The section's name.
        section: String,
    },
    /// The configuration has hooks, and this git does not run them.
    TooOld {
        /// The section's name.
        section: String,
    },
    /// husky has no script of its own for this hook: it was not set up here.
    NotSetUp {
        /// What is missing.
        path: PathBuf,
    },
    /// Whoever runs our hook keeps its standard input from it.
    InputLost {
        /// Who runs it.
        path: PathBuf,
    },
}

/// Looks at every hook. `fallback` is where the program lies now.
pub fn look(site: &Site, fallback: Option<&Path>) -> Result<Vec<Look>, HookError> {
    let settings = config::hooks(site)?;
    let one = |hook: &'static Hook| -> Result<Look, HookError> {
        let mut look = Look { hook, ways: Vec::new(), faults: Vec::new() };
        look.in_config(site, &settings, fallback);
        match &site.manager {
            Manager::Husky { scripts, direct } => look.at_husky(site, scripts, *direct)?,
            _ => look.in_folder(site)?,
        }
        if look.ways.is_empty() && look.faults.is_empty() {
            look.faults.push(Fault::Missing);
        }
        Ok(look)
    };
    HOOKS.iter().map(one).collect()
}

impl Look {
    fn in_config(&mut self, site: &Site, settings: &[config::ConfigHook], fallback: Option<&Path>) {
        let known = [fallback, None].map(|path| config::config_command(self.hook, path));
        let own =
            |one: &&config::ConfigHook| one.events.iter().any(|event| event == self.hook.name);
        for one in settings.iter().filter(own) {
            let section = one.section.clone();
            if !site.by_config() {
                self.faults.push(Fault::TooOld { section });
            } else if !one.enabled {
                self.faults.push(Fault::SwitchedOff { section });
            } else if known.contains(&one.command) {
                self.ways.push(Way::Config { section, command: one.command.clone() });
            } else {
                self.faults.push(Fault::Outdated { what: format!("{section}.command") });
            }
        }
    }

    fn in_folder(&mut self, site: &Site) -> Result<(), HookError> {
        let found = Found::look(&site.hooks, self.hook)?;
        if found.is_ours() {
            let bytes = found.bytes.clone().unwrap_or_default();
            if !is_executable(&found.hook) {
                self.faults.push(Fault::NotExecutable { path: found.hook });
            } else {
                self.file(found.hook, bytes);
            }
            return Ok(());
        }
        let manager = generator(found.bytes.as_deref());
        let by_pre_commit = manager.is_some_and(|words| !words.ends_with(b"lefthook run"));
        for (path, bytes) in &found.aside {
            let legacy = path.extension().is_some_and(|end| end == "legacy");
            if legacy && by_pre_commit {
                self.file(path.clone(), bytes.clone());
                let named = manager.is_some_and(|words| words.ends_with(b"pre-commit"));
                if self.hook.stdin && named {
                    self.faults.push(Fault::InputLost { path: found.hook.clone() });
                }
            } else {
                self.faults.push(Fault::PutAside { path: path.clone() });
            }
        }
        self.named(site, &found, by_pre_commit);
        if self.ways.is_empty() && self.faults.is_empty() && found.there {
            self.faults.push(Fault::Replaced { path: found.hook });
        }
        Ok(())
    }

    /// A script of ours that is run. Only one that is known to the letter counts: in any other
    /// there may be things that are not ours.
    fn file(&mut self, path: PathBuf, bytes: Vec<u8>) {
        if same_but_fallback(&bytes, &stub(self.hook, None)) {
            self.ways.push(Way::File { path, bytes });
        } else {
            self.faults.push(Fault::Outdated { what: path.display().to_string() });
        }
    }

    /// Scripts and configurations of other programs that name us.
    fn named(&mut self, site: &Site, found: &Found, by_pre_commit: bool) {
        let call = format!("git-ai-log hook {}", self.hook.name);
        let id = format!("ai-log-{}", self.hook.name);
        let says = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            text.contains(&call) || text.contains(&id)
        };
        let Some(bytes) = found.bytes.as_deref().filter(|_| is_executable(&found.hook)) else {
            return;
        };
        if says(bytes) {
            self.ways.push(Way::Named { path: found.hook.clone() });
            return;
        }
        let Some(config) = generator(Some(bytes)).and_then(|_| advice::manager_file(site)) else {
            return;
        };
        if read(&config).ok().flatten().is_some_and(|bytes| says(&bytes)) {
            self.ways.push(Way::Named { path: config });
            if by_pre_commit && self.hook.stdin {
                self.faults.push(Fault::InputLost { path: found.hook.clone() });
            }
        }
    }

    fn at_husky(&mut self, site: &Site, scripts: &Path, direct: bool) -> Result<(), HookError> {
        let path = scripts.join(self.hook.name);
        let text = read(&path)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let Some(line) = text.as_deref().and_then(husky::our_line) else {
            return Ok(());
        };
        let runs = site.hooks.join(self.hook.name);
        if line != husky::line(self.hook) {
            self.faults.push(Fault::Outdated { what: path.display().to_string() });
        } else if !direct && !runs.is_file() {
            self.faults.push(Fault::NotSetUp { path: runs });
        } else if !is_executable(&runs) {
            self.faults.push(Fault::NotExecutable { path: runs });
        } else {
            self.ways.push(Way::Husky { path, line: line.to_owned() });
        }
        Ok(())
    }
}
