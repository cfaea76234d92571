//! Blame for people, in git's own layout with a column for agents.

use chrono::{DateTime, FixedOffset};

use super::escape::{line, visible};
use super::out::{Out, Style};
use super::text::style;
use crate::git::blame::{Blame, BlamedLine, Source};
use crate::model::Contributor;
use crate::query::LineOwner;

/// What the reader wants to see.
#[derive(Debug, Clone, Copy, Default)]
pub struct Columns {
    /// Whole commit names.
    pub long: bool,
    /// No author and time.
    pub bare: bool,
    /// The author's address in place of the name.
    pub email: bool,
}

/// Every line, aligned.
pub fn lines(out: &Out, blame: &Blame, owners: &[LineOwner], columns: Columns) -> Vec<Vec<u8>> {
    let agents: Vec<String> = owners.iter().map(column).collect();
    let widest = |texts: &[String]| texts.iter().map(|t| t.chars().count()).max().unwrap_or(0);
    let agent_width = widest(&agents);
    let authors: Vec<String> = blame.sources.iter().map(|s| author(s, columns)).collect();
    let author_width = widest(&authors);
    let number_width = blame.lines.last().map_or(1, |last| last.line.to_string().len());
    let moved = blame.sources.iter().any(|s| s.path != blame.sources[0].path);
    let paths: Vec<String> = blame
        .sources
        .iter()
        .map(|s| s.path.as_ref().map(|p| line(&p.quoted())).unwrap_or_default())
        .collect();
    let path_width = widest(&paths);
    let mut rendered = Vec::with_capacity(blame.lines.len());
    for (at, blamed) in blame.lines.iter().enumerate() {
        let source = &blame.sources[blamed.source];
        let mut text = out.paint(Style::Commit, &commit(blamed, source, columns));
        if moved {
            text.push_str(&format!(" {:path_width$}", paths[blamed.source]));
        }
        if agent_width > 0 {
            let padded = format!("{:agent_width$}", agents[at]);
            let style = style(owners[at].contributor);
            text.push(' ');
            text.push_str(&style.map_or(padded.clone(), |style| out.paint(style, &padded)));
        }
        if columns.bare {
            text.push_str(&format!(" {:>number_width$}) ", blamed.line));
        } else {
            text.push_str(&format!(
                " ({:author_width$} {} {:>number_width$}) ",
                authors[blamed.source],
                when(source),
                blamed.line
            ));
        }
        let mut bytes = text.into_bytes();
        bytes.extend(visible(&String::from_utf8_lossy(&blamed.text)).into_bytes());
        rendered.push(bytes);
    }
    rendered
}

/// The agent and the turn of a line.
fn column(owner: &LineOwner) -> String {
    let turn = owner.turn.as_ref().map_or("", |turn| turn.as_str());
    let turn = turn.get(..8).unwrap_or(turn);
    let agent = line(owner.agent.as_deref().unwrap_or_default());
    match owner.contributor {
        Contributor::Ai => format!("{agent} {turn}"),
        Contributor::Mixed => format!("{agent}+person {turn}"),
        Contributor::Human => String::new(),
        Contributor::Unknown => "?".into(),
    }
}

fn commit(blamed: &BlamedLine, source: &Source, columns: Columns) -> String {
    let name = blamed.commit.as_str();
    if columns.long {
        return name.to_owned();
    }
    let short = |digits: usize| name.get(..digits).unwrap_or(name).to_owned();
    if source.boundary { format!("^{}", short(7)) } else { short(8) }
}

fn author(source: &Source, columns: Columns) -> String {
    line(if columns.email { &source.mail } else { &source.author })
}

fn when(source: &Source) -> String {
    let zone =
        zone(&source.zone).unwrap_or_else(|| FixedOffset::east_opt(0).expect("0 is in range"));
    DateTime::from_timestamp(source.time, 0)
        .map(|time| time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %z").to_string())
        .unwrap_or_default()
}

/// `+0230` as an offset.
fn zone(text: &str) -> Option<FixedOffset> {
    let number: i32 = text.parse().ok()?;
    FixedOffset::east_opt((number / 100 * 60 + number % 100) * 60)
}

/// `git blame --porcelain` with header lines of ours, which readers that do not know them skip.
pub fn porcelain(blame: &Blame, owners: &[LineOwner]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (blamed, owner) in blame.lines.iter().zip(owners) {
        bytes.extend_from_slice(&blamed.headers);
        bytes.extend(format!("ai-log-contributor {}\n", owner.contributor).into_bytes());
        let fields = [
            ("agent", owner.agent.as_deref()),
            ("model", owner.model.as_deref()),
            ("session", owner.session.as_ref().map(|id| id.as_str())),
            ("turn", owner.turn.as_ref().map(|id| id.as_str())),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                bytes.extend(format!("ai-log-{name} {}\n", line(value)).into_bytes());
            }
        }
        bytes.push(b'\t');
        bytes.extend_from_slice(&blamed.text);
        bytes.push(b'\n');
    }
    bytes
}
