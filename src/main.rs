//! Parse, run, exit code.

fn main() -> std::process::ExitCode {
    git_ai_log::main(std::env::args_os())
}
