//! The policy, and the only reader of the environment: variables, the working directory, the
//! clock, the terminal.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the one place where the environment is read"
)]

pub mod ancestors;
mod homes;
pub mod policy;
pub mod terminal;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use chrono::{DateTime, SubsecRound as _, Utc};

pub use homes::Homes;

/// Variables of the environment that are set and not empty.
pub type Variables = BTreeMap<OsString, OsString>;

/// What the process was started with.
#[derive(Debug, Clone)]
pub struct Env {
    /// The working directory.
    pub cwd: PathBuf,
    /// `$XDG_STATE_HOME`, or its default.
    pub state_home: Option<PathBuf>,
    /// Where agents keep what is the user's.
    pub homes: Homes,
    /// `$XDG_CONFIG_HOME`, or its default.
    pub config_home: Option<PathBuf>,
    /// `$VIRTUAL_ENV`: the Python packages in use.
    pub virtual_env: Option<PathBuf>,
    /// `$CARGO_HOME`, or its default.
    pub cargo_home: Option<PathBuf>,
    /// `$GOMODCACHE`, or its default below `$GOPATH`.
    pub go_modules: Option<PathBuf>,
    /// This program.
    pub program: PathBuf,
    /// `$PATH`.
    pub path: Option<OsString>,
    /// Standard output is a terminal.
    pub terminal: bool,
    /// The variables that the process was started with.
    pub variables: Variables,
    /// Standard error is a terminal.
    pub error_terminal: bool,
    /// `$NO_COLOR` is set and not empty, or the terminal cannot show colour.
    pub no_color: bool,
    /// git has started a pager already (`$GIT_PAGER_IN_USE`).
    pub pager_in_use: bool,
    /// This runs within a push of our own (`git/remote.rs`).
    pub own_push: bool,
    /// The remote of a push, where pre-commit or prek keeps git's words from us.
    pub push_remote: Option<String>,
    /// `$LESS` and `$LV`: a pager of the user's own settings.
    pub less: Option<OsString>,
}

impl Env {
    /// Reads the environment of this process.
    pub fn read() -> std::io::Result<Self> {
        let folder =
            |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let home = folder("HOME").or_else(|| folder("USERPROFILE"));
        let below = |name: &str| home.as_ref().map(|home| home.join(name));
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        Ok(Self {
            cwd: std::env::current_dir()?,
            state_home: folder("XDG_STATE_HOME").or_else(|| below(".local/state")),
            homes: Homes {
                home: home.clone(),
                variables: std::env::vars_os()
                    .map(|(name, value)| (name, PathBuf::from(value)))
                    .map(|(name, value)| match (value.strip_prefix("~"), &home) {
                        (Ok(below), Some(home)) => (name, home.join(below)),
                        _ => (name, value),
                    })
                    .filter(|(_, value)| value.is_absolute())
                    .collect(),
            },
            config_home: folder("XDG_CONFIG_HOME").or_else(|| below(".config")),
            virtual_env: folder("VIRTUAL_ENV"),
            cargo_home: folder("CARGO_HOME").or_else(|| below(".cargo")),
            go_modules: folder("GOMODCACHE")
                .or_else(|| folder("GOPATH").map(|path| path.join("pkg/mod")))
                .or_else(|| below("go/pkg/mod")),
            program: std::env::current_exe()?,
            path: std::env::var_os("PATH"),
            terminal: std::io::stdout().is_terminal(),
            variables: std::env::vars_os().filter(|(_, value)| !value.is_empty()).collect(),
            error_terminal: std::io::stderr().is_terminal(),
            no_color: set("NO_COLOR")
                || std::env::var_os("TERM").is_some_and(|term| term == "dumb"),
            pager_in_use: set("GIT_PAGER_IN_USE"),
            own_push: set("GIT_AI_LOG_SYNCING"),
            push_remote: std::env::var("PRE_COMMIT_REMOTE_NAME").ok(),
            less: std::env::var_os("LESS"),
        })
    }

    /// The time now, to the microsecond; `GIT_AI_LOG_NOW`, seconds since 1970, where a test sets the
    /// clock.
    pub fn now() -> DateTime<Utc> {
        let set = std::env::var("GIT_AI_LOG_NOW").ok().and_then(|seconds| seconds.parse().ok());
        let set = set.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        set.unwrap_or_else(|| Utc::now().trunc_subsecs(6))
    }
}
