//! The processes above this one.

use std::process::{Command, Stdio};

/// How far up is looked.
const DEPTH: usize = 24;

/// The words of each process above this one, the nearest first. Empty where the system does not
/// tell.
pub fn read() -> Vec<Vec<String>> {
    let mut above = Vec::new();
    #[cfg(unix)]
    let mut pid = Some(std::os::unix::process::parent_id());
    #[cfg(not(unix))]
    let mut pid: Option<u32> = None;
    let all = if cfg!(target_os = "linux") { Vec::new() } else { listed() };
    while let Some(process) = pid.filter(|pid| *pid > 1 && above.len() < DEPTH) {
        let found = match cfg!(target_os = "linux") {
            true => of_proc(process),
            false => all
                .iter()
                .find(|(own, ..)| *own == process)
                .map(|(_, up, words)| (*up, words.clone())),
        };
        pid = found.as_ref().map(|(up, _)| *up);
        above.extend(found.map(|(_, words)| words));
    }
    above
}

/// The parent and the words of a process, as Linux's `/proc` has them.
fn of_proc(pid: u32) -> Option<(u32, Vec<String>)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    let words = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let words = words.split(|&b| b == 0).filter(|word| !word.is_empty());
    let words = words.map(|word| String::from_utf8_lossy(word).into_owned()).collect();
    Some((parent.trim().parse().ok()?, words))
}

/// Every process, as `ps` lists them: pid, parent, words.
fn listed() -> Vec<(u32, u32, Vec<String>)> {
    let done = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,command="])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let text = done.map(|done| String::from_utf8_lossy(&done.stdout).into_owned());
    let text = text.unwrap_or_default();
    let process = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let (pid, parent) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((pid, parent, words.collect()))
    };
    text.lines().filter_map(process).collect()
}
