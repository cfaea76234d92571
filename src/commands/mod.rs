//! One file a command; the only room that joins I/O and pure code.

mod attribute;
mod hook;
mod note;
mod observe;
mod record;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Env;
use crate::error::{EXIT_ERROR, Error, Result};

/// Who wrote this line, what was it asked to do, and did anyone check it
#[derive(Debug, Parser)]
#[command(name = "git ai-log", bin_name = "git ai-log", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Record(record::RecordArgs),
    Hook(hook::HookArgs),
}

/// Runs the program with these arguments, the program's own name first.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|arg| arg == "record") {
        return guarded_record(&args);
    }
    let outcome = match Cli::try_parse_from(&args) {
        Ok(cli) => Env::read()
            .map_err(|e| Error::new("cannot read the working directory").because(e))
            .and_then(|env| dispatch(&env, cli.command)),
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { EXIT_ERROR } else { 0 });
        }
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            show(&error);
            ExitCode::from(EXIT_ERROR)
        }
    }
}

/// `record` succeeds whatever happens, its arguments included, and prints nothing: an agent's
/// turn never breaks because of us.
fn guarded_record(args: &[OsString]) -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let _ = std::panic::catch_unwind(|| {
        if let Ok(env) = Env::read() {
            let agent = args.get(2).map(|arg| arg.to_string_lossy().into_owned());
            record::run(&env, &record::RecordArgs { agent: agent.unwrap_or_default() });
        }
    });
    ExitCode::SUCCESS
}

fn dispatch(env: &Env, command: Command) -> Result<ExitCode> {
    match command {
        Command::Record(args) => record::run(env, &args),
        Command::Hook(args) => hook::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The one place where errors are printed.
fn show(error: &Error) {
    let mut stderr = std::io::stderr().lock();
    let _ = writeln!(stderr, "error: {error}");
    if let Some(hint) = error.next_step() {
        let _ = writeln!(stderr, "  hint: {hint}");
    }
}
