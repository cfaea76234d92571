//! One file a command; the only room that joins I/O and pure code.

mod agent_gate;
mod ask;
mod attest;
mod attribute;
mod backfill;
mod blame;
mod check;
mod demo;
mod doctor;
mod errors;
mod forget;
mod gate;
mod hook;
mod install;
mod late;
mod log;
mod note;
mod observe;
mod prune;
mod record;
mod redact;
mod repair;
mod review;
mod schema;
mod screen;
mod sessions;
mod show;
mod status;
mod stored;
mod sync;
mod trust;
mod uninstall;
mod verify;
mod waive;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Env;
use crate::error::{EXIT_ERROR, EXIT_NO, Error, Result};

/// Who wrote this line, what was it asked to do, and did anyone check it
///
/// Without a command: the prompts behind the lines of a file; without a file, too, the log of
/// this branch.
#[derive(Debug, Parser)]
#[command(
    name = "git ai-log",
    bin_name = "git ai-log",
    version,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    ask: ask::AskArgs,
}

/// What a command that came to its end tells the process that ran it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Done, passed, or answered.
    Yes,
    /// A fault was found.
    No,
}

impl Answer {
    fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Self::Yes
    }
}

/// The commands, one line each: help and dispatch follow from this list.
macro_rules! commands {
    ($($name:ident => $module:ident :: $args:ident),* $(,)?) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($name($module::$args),)*
        }

        fn dispatch(env: &Env, command: &Command) -> Result<Answer> {
            match command {
                $(Command::$name(args) => $module::run(env, args).map(Answer::from),)*
            }
        }
    };
}

commands! {
    Log => log::LogArgs,
    Blame => blame::BlameArgs,
    Show => show::ShowArgs,
    Status => status::StatusArgs,
    Repair => repair::RepairArgs,
    Backfill => backfill::BackfillArgs,
    Sync => sync::SyncArgs,
    Forget => forget::ForgetArgs,
    Verify => verify::VerifyArgs,
    Prune => prune::PruneArgs,
    Check => check::CheckArgs,
    Review => review::ReviewArgs,
    Attest => attest::AttestArgs,
    Waive => waive::WaiveArgs,
    Trust => trust::TrustArgs,
    Install => install::InstallArgs,
    Uninstall => uninstall::UninstallArgs,
    Doctor => doctor::DoctorArgs,
    Record => record::RecordArgs,
    Hook => hook::HookArgs,
    Redact => redact::RedactArgs,
    Demo => demo::DemoArgs,
    Schema => schema::SchemaArgs,
}

/// Runs the program with these arguments, the program's own name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|arg| arg == "record") {
        return guarded_record(&args);
    }
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { EXIT_ERROR } else { 0 });
        }
    };
    match run(&cli) {
        Ok(Answer::Yes) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(EXIT_NO),
        Err(error) => {
            show_error(&error);
            ExitCode::from(EXIT_ERROR)
        }
    }
}

fn run(cli: &Cli) -> Result<Answer> {
    let env =
        Env::read().map_err(|e| Error::new("cannot read the working directory").because(e))?;
    match &cli.command {
        Some(command) => dispatch(&env, command),
        None if cli.ask.paths.is_empty() => {
            let json = cli.ask.printing.json.then(|| "--json".into());
            log::run(&env, &log::LogArgs { args: json.into_iter().collect() }).map(Answer::from)
        }
        None => ask::run(&env, &cli.ask).map(Answer::from),
    }
}

/// `record` succeeds whatever happens, its arguments included, and prints nothing: an agent's
/// turn never breaks because of us.
fn guarded_record(args: &[OsString]) -> ExitCode {
    if args.iter().skip(2).any(|arg| arg == "-h" || arg == "--help") {
        if let Err(help) = Cli::try_parse_from(args) {
            let _ = help.print();
        }
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let _ = std::panic::catch_unwind(|| {
        if let Ok(env) = Env::read() {
            let agent = args.get(2).map(|arg| arg.to_string_lossy().into_owned());
            let args = record::RecordArgs { agent: agent.unwrap_or_default() };
            let _ = record::run(&env, &args);
        }
    });
    ExitCode::SUCCESS
}

/// The one place where errors are printed.
fn show_error(error: &Error) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "error: {error}");
    if let Some(hint) = error.next_step() {
        let _ = writeln!(stderr, "  hint: {hint}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
