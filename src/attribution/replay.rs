//! The journal, folded into one annotated text for each file that agents worked on.
//!
//! Every event is an observation: at this point the file had this text. What changed since the
//! observation before was changed by whoever the event names, or by somebody who reported
//! nothing. While commands of agents' run, what changes unreported may be theirs: [`shell`]
//! decides.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use chrono::{DateTime, Duration, Utc};

use super::authors::Authors;
use super::elsewhere::Elsewhere;
use super::order::chained;
use super::running::Running;
use super::seen::{Seen, Tree};
use super::shell::{self, Claim};
use super::step::{Brought, Change, Files};
use super::{Annotated, Author, By, Place, Source};
use crate::model::event::{Edge, TreeFile, Window};
use crate::model::{Content, EditId, Event, Evidence, Oid, RepoPath, SessionId, What};

/// A command that nobody reported as ended is taken as dead after this long.
const DEAD_AFTER: Duration = Duration::hours(1);

/// A replay of the events of one work tree.
pub struct Replay<'s> {
    source: &'s dyn Source,
    files: Files,
    authors: Authors,
    open: Vec<Running>,
    background: Vec<Running>,
    /// Files that agents or their commands changed.
    followed: BTreeSet<RepoPath>,
    /// Files whose text went out of sight: too large, or a snapshot is gone.
    blind: HashSet<RepoPath>,
    /// What was seen of each file last.
    current: HashMap<RepoPath, Seen>,
    /// Where HEAD is now, and was when each file was seen.
    here: Option<Place>,
    /// The first step since HEAD is there.
    arrived: usize,
    places: HashMap<RepoPath, Place>,
    /// The call before which each file was seen.
    seen_for: HashMap<RepoPath, (SessionId, Option<EditId>)>,
    /// The work tree and HEAD that were seen last, if nothing was seen since.
    looked: Option<(Content, Option<Oid>)>,
    trees: HashMap<Content, Rc<Tree>>,
}

impl<'s> Replay<'s> {
    /// Replays these events, folded and of one work tree.
    pub fn of(events: &[&Event], source: &'s dyn Source) -> Self {
        let mut replay = Self {
            source,
            files: Files::default(),
            authors: Authors::default(),
            open: Vec::new(),
            background: Vec::new(),
            followed: BTreeSet::new(),
            blind: HashSet::new(),
            current: HashMap::new(),
            here: None,
            arrived: 0,
            places: HashMap::new(),
            seen_for: HashMap::new(),
            looked: None,
            trees: HashMap::new(),
        };
        for event in chained(events) {
            replay.event(event);
        }
        replay
    }

    /// The tool calls that owners point at.
    pub fn authors(&self) -> &[Author] {
        self.authors.all()
    }

    /// Whether no agent did anything that could matter here.
    pub fn is_empty(&self) -> bool {
        self.followed.is_empty() && self.open.is_empty() && self.background.is_empty()
    }

    /// The files that agents or their commands changed.
    pub fn followed(&self) -> impl Iterator<Item = &RepoPath> {
        self.followed.iter()
    }

    /// Whether a file had one of these lines when it was seen last, by their fingerprints.
    pub fn has(&self, path: &RepoPath, lines: &HashSet<u64>) -> bool {
        self.files.has(path, lines)
    }

    /// The texts of a commit, or of the index or the work tree, annotated. `base` is the commit
    /// they stand on; of one that is not `here`, and is not made now, no text can have left the
    /// files. A file that was renamed since then comes with its old path.
    pub fn target(
        &mut self,
        base: Option<&Oid>,
        is_here: bool,
        files: Vec<(RepoPath, Option<RepoPath>, Option<Vec<u8>>)>,
        now: DateTime<Utc>,
    ) -> HashMap<RepoPath, Annotated> {
        self.open.retain(|running| now - running.since < DEAD_AFTER);
        let here = base.map(|base| Place { head: base.clone(), at: now });
        self.arrives(here);
        let mut changes = Vec::new();
        let mut wanted = Vec::new();
        for (path, old, text) in files {
            if let Some(old) = old.filter(|old| *old != path) {
                self.rename(&old, &path, base);
            }
            self.begin(&path, base);
            if !self.followed.contains(&path) && self.suspect(&path) != By::Other {
                self.as_it_was(&path);
            }
            wanted.push(path.clone());
            let mut change = self.change(path, text, None);
            change.elsewhere = match is_here {
                true => self.elsewhere(&change, self.places.get(&change.path)),
                false => Elsewhere::All,
            };
            changes.push(change);
        }
        self.files.last = true;
        self.files.step(changes);
        wanted
            .into_iter()
            .filter_map(|path| self.files.texts.get(&path).cloned().map(|text| (path, text)))
            .collect()
    }

    fn event(&mut self, event: &Event) {
        self.arrives(event.head.clone().map(|head| Place { head, at: event.at }));
        if let What::Edit { path, .. } | What::Saw { path, .. } = &event.what {
            for running in self.open.iter_mut().chain(&mut self.background) {
                if running.session != event.session {
                    running.contested.insert(path.clone());
                }
            }
        }
        match &event.what {
            What::Saw { path, text } => {
                self.saw(path, text, event.head.as_ref());
                let call = (event.session.clone(), event.edit.clone());
                self.seen_for.insert(path.clone(), call);
            }
            What::Edit { path, from, before, after } => {
                self.edit(event, path, from.as_ref(), before.as_ref(), after);
            }
            What::Window(window) => match window.edge {
                Edge::Open => self.opens(event, window),
                Edge::Close => self.closes(event, window),
            },
            What::Stop { background, tree, .. } => {
                self.ends(event, tree.as_ref());
                if !background {
                    self.background.retain(|running| running.session != event.session);
                }
            }
            What::Prompt(_) => self.ends(event, None),
            What::Session { edge: Edge::Close, .. } => {
                self.open.retain(|running| running.session != event.session);
                self.background.retain(|running| running.session != event.session);
            }
            What::Session { .. } | What::Read { .. } | What::Unusable { .. } | What::Later => {}
        }
    }

    fn arrives(&mut self, here: Option<Place>) {
        if self.here.as_ref().map(|was| &was.head) != here.as_ref().map(|is| &is.head) {
            self.arrived = self.files.next();
        }
        self.here = here;
    }

    /// An observation by an event that is no work of its session's.
    fn saw(&mut self, path: &RepoPath, text: &Content, head: Option<&Oid>) {
        self.followed.insert(path.clone());
        self.begin(path, head);
        self.observe(vec![(path.clone(), text.clone())], None);
    }

    fn edit(
        &mut self,
        event: &Event,
        path: &RepoPath,
        from: Option<&RepoPath>,
        before: Option<&Content>,
        after: &Content,
    ) {
        self.followed.insert(path.clone());
        if let Some(from) = from {
            self.begin(from, event.head.as_ref());
            self.rename(from, path, event.head.as_ref());
        }
        self.begin(path, event.head.as_ref());
        let mut by = By::Agent(self.authors.number(Author {
            session: event.session.clone(),
            turn: event.turn.clone(),
            edit: event.edit.clone(),
            evidence: Evidence::Edit,
        }));
        match before {
            Some(before) => self.observe(vec![(path.clone(), before.clone())], None),
            // Nobody told the text before. What was seen before this very call will do: whatever
            // was seen earlier may have been changed by a person since.
            None => {
                // An agent that names no calls looks before each of them.
                let own = self.seen_for.remove(path).is_some_and(|(session, call)| {
                    session == event.session && (call.is_none() || call == event.edit)
                });
                by = if own { by } else { By::Doubt };
            }
        }
        self.observe(vec![(path.clone(), after.clone())], Some(by));
    }

    fn opens(&mut self, event: &Event, window: &Window) {
        self.look(&window.tree, event.head.as_ref());
        let texts = window.scripts.iter().filter_map(|digest| self.source.snapshot(digest));
        self.open.push(Running {
            session: event.session.clone(),
            subagent: event.subagent.clone(),
            call: event.edit.clone(),
            turn: event.turn.clone(),
            command: window.command.clone(),
            scripts: texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect(),
            head: event.head.clone(),
            stash: window.stash.clone(),
            tree: window.tree.clone(),
            since: event.at,
            contested: HashSet::new(),
        });
    }

    fn closes(&mut self, event: &Event, window: &Window) {
        let at = self.open.iter().position(|running| {
            running.session == event.session
                && (running.call == event.edit || running.command == window.command)
        });
        let Some(at) = at else {
            // Its start was not seen: what it changed cannot be told from what others did.
            self.look(&window.tree, event.head.as_ref());
            return;
        };
        self.look_within(at, &window.tree, event.head.as_ref(), window.stash.as_ref());
        let running = self.open.remove(at);
        if window.background {
            self.background.push(running);
        }
    }

    /// A turn ends, and with it whatever of it was still open.
    fn ends(&mut self, event: &Event, tree: Option<&Content>) {
        if let Some(tree) = tree {
            self.look(tree, event.head.as_ref());
        }
        self.open.retain(|running| {
            running.session != event.session || running.subagent != event.subagent
        });
    }

    /// The whole work tree is seen. Files that nobody follows, and that no command changed, are
    /// nobody's business.
    fn look(&mut self, tree: &Content, head: Option<&Oid>) {
        if !self.is_new(tree, head) {
            return;
        }
        self.follow_changed(tree);
        let seen = self.seen(tree, head);
        self.observe(seen, None);
        self.looked = Some((tree.clone(), head.cloned()));
    }

    fn look_within(&mut self, at: usize, tree: &Content, head: Option<&Oid>, stash: Option<&Oid>) {
        if !self.is_new(tree, head) {
            return;
        }
        self.follow_changed(tree);
        let running = &self.open[at];
        let (from, popped) = (running.head.clone(), running.stash.clone());
        let moved = shell::moves_text(&running.command);
        let foreign = match (&from, head) {
            (Some(from), Some(to)) if from != to => !self.source.only_committed(from, to),
            _ => false,
        };
        let stash = popped.filter(|popped| Some(popped) != stash);
        let still = !foreign && stash.is_none();
        let said = running.scripts.iter().fold(running.command.clone(), |all, text| all + text);
        let seen = self.seen(tree, head).into_iter().map(|(path, text)| {
            if moved && still {
                // `git merge --squash`, `git checkout REV -- FILE`: from anywhere.
                return (path, text, Brought::AllBut(said.clone()));
            }
            let commits = [head.filter(|_| foreign || moved), stash.as_ref()];
            let texts =
                commits.into_iter().flatten().filter_map(|c| self.source.committed(c, &path));
            let brought = texts.collect::<Vec<_>>().join(&b'\n');
            (path, text, Brought::Lines(brought))
        });
        let seen = seen.collect();
        self.observe_with(seen, None);
        self.looked = Some((tree.clone(), head.cloned()));
    }

    fn is_new(&self, tree: &Content, head: Option<&Oid>) -> bool {
        self.looked.as_ref().is_none_or(|(known, at)| known != tree || at.as_ref() != head)
    }

    /// Follows the files that are not as they were when one of the running commands started.
    fn follow_changed(&mut self, tree: &Content) {
        let starts: Vec<Content> =
            self.open.iter().chain(&self.background).map(|running| running.tree.clone()).collect();
        for start in starts.into_iter().filter(|start| start != tree) {
            let (before, after) = (self.tree(&start), self.tree(tree));
            let paths = before.keys().chain(after.keys());
            let changed: Vec<RepoPath> = paths
                .filter(|path| {
                    before.get(path) != after.get(path) && !self.followed.contains(*path)
                })
                .cloned()
                .collect();
            for path in changed {
                self.as_it_was(&path);
            }
        }
    }

    /// Follows a file from the start of the first command that still runs: what it held then is
    /// not that command's.
    fn as_it_was(&mut self, path: &RepoPath) {
        let Some(first) = self.background.iter().chain(&self.open).min_by_key(|r| r.since) else {
            return;
        };
        let (tree, head) = (first.tree.clone(), first.head.clone());
        self.followed.insert(path.clone());
        self.begin(path, head.as_ref());
        let tree = self.tree(&tree);
        let seen = self.seen_in(&tree, head.as_ref(), path);
        self.observe(vec![(path.clone(), seen)], Some(By::Other));
    }

    /// What this tree says of each followed file that it says something new of: its text where it
    /// differs from HEAD, HEAD's text where not.
    fn seen(&mut self, tree: &Content, head: Option<&Oid>) -> Vec<(RepoPath, Seen)> {
        let tree = self.tree(tree);
        let seen = self.followed.iter().map(|path| (path.clone(), self.seen_in(&tree, head, path)));
        let (known, new): (Vec<_>, _) = seen.partition(|(path, text)| self.is_known(path, text));
        for (path, _) in known {
            self.sees(&path);
            self.files.sees(&path, self.files.next());
        }
        new
    }

    fn seen_in(&self, tree: &Tree, head: Option<&Oid>, path: &RepoPath) -> Seen {
        match (tree.get(path), head) {
            (Some(content), _) => Seen::Kept(content.clone()),
            (None, Some(head)) => Seen::Committed(self.source.committed_file(head, path)),
            (None, None) => Seen::Kept(Content::ABSENT),
        }
    }

    /// Whether this is what was seen last.
    fn is_known(&self, path: &RepoPath, seen: &Seen) -> bool {
        self.current.get(path) == Some(seen) && !self.blind.contains(path)
    }

    fn observe<S: Into<Seen>>(&mut self, files: Vec<(RepoPath, S)>, by: Option<By>) {
        let files = files.into_iter().map(|(path, seen)| (path, seen.into(), Brought::Nothing));
        self.observe_with(files.collect(), by);
    }

    /// Files as they are now, with the lines that git brought into them.
    fn observe_with(&mut self, files: Vec<(RepoPath, Seen, Brought)>, by: Option<By>) {
        self.looked = None;
        let mut changes = Vec::new();
        for (path, seen, brought) in files {
            let before = self.sees(&path);
            if self.is_known(&path, &seen) {
                self.files.sees(&path, self.files.next());
                continue;
            }
            self.current.insert(path.clone(), seen.clone());
            match self.read(seen) {
                Ok(text) => {
                    let mut change = self.change(path, text, by);
                    change.brought = brought;
                    change.elsewhere = self.elsewhere(&change, before.as_ref());
                    changes.push(change);
                }
                Err(()) => {
                    self.files.texts.remove(&path);
                    self.blind.insert(path);
                }
            }
        }
        self.files.step(changes);
    }

    /// What the commits since a file was seen say of the lines that leave it, where any may.
    fn elsewhere(&self, change: &Change, seen: Option<&Place>) -> Elsewhere {
        let known = self.files.texts.get(&change.path).map(|known| &known.text);
        let seen = seen.filter(|_| known != change.text.as_ref());
        Elsewhere::of(self.source, &change.path, seen, self.here.as_ref())
    }

    /// A file is seen. Where HEAD was when it was seen before.
    fn sees(&mut self, path: &RepoPath) -> Option<Place> {
        let here = self.here.clone()?;
        self.places.insert(path.clone(), here)
    }

    fn read(&self, seen: Seen) -> Result<Option<Vec<u8>>, ()> {
        match seen {
            Seen::Committed(file) => Ok(file.and_then(|file| self.source.file(&file))),
            Seen::Kept(Content::Absent(())) => Ok(None),
            Seen::Kept(Content::Opaque { .. }) => Err(()),
            Seen::Kept(Content::Text(digest)) => self.source.snapshot(&digest).map(Some).ok_or(()),
        }
    }

    /// The change of a file to this text; by whom, if nobody reported it, is what the running
    /// commands say.
    fn change(&mut self, path: RepoPath, text: Option<Vec<u8>>, by: Option<By>) -> Change {
        let by = by.unwrap_or_else(|| self.suspect(&path));
        let by = if self.blind.remove(&path) { By::Doubt } else { by };
        Change::new(path, text, by)
    }

    /// Who changes this file while nobody reports it.
    fn suspect(&mut self, path: &RepoPath) -> By {
        let name = path.lossy();
        let claim = |running: &Running| shell::claim(&running.command, &running.scripts, &name);
        let named: Vec<usize> =
            (0..self.open.len()).filter(|&at| claim(&self.open[at]) == Claim::Named).collect();
        let contested = named.iter().any(|&at| {
            self.open[at].contested.contains(path)
                || self.open[at].session != self.open[named[0]].session
        });
        if let (Some(&last), false) = (named.last(), contested) {
            let running = &self.open[last];
            let author = Author {
                session: running.session.clone(),
                turn: running.turn.clone(),
                edit: running.call.clone(),
                evidence: Evidence::Shell,
            };
            return By::Command(self.authors.number(author));
        }
        let all = self.open.iter().chain(&self.background);
        if contested || all.map(claim).any(|claim| claim != Claim::Nothing) {
            return By::Doubt;
        }
        By::Other
    }

    /// Follows a file from here on; its lines so far are those of the commit below.
    fn begin(&mut self, path: &RepoPath, head: Option<&Oid>) {
        if self.files.texts.contains_key(path) {
            return;
        }
        if let Some(text) = head.and_then(|head| self.source.committed(head, path)) {
            self.files.texts.insert(path.clone(), Annotated::plain(text));
        }
        self.files.sees(path, self.arrived.saturating_sub(1));
    }

    fn rename(&mut self, from: &RepoPath, to: &RepoPath, head: Option<&Oid>) {
        if self.files.texts.contains_key(to) {
            return;
        }
        self.begin(from, head);
        if self.files.rename(from, to) {
            self.current.remove(from);
        }
        if self.blind.contains(from) {
            self.blind.insert(to.clone());
        }
    }

    fn tree(&mut self, content: &Content) -> Rc<Tree> {
        if let Some(tree) = self.trees.get(content) {
            return Rc::clone(tree);
        }
        let text = match content {
            Content::Text(digest) => self.source.snapshot(digest).unwrap_or_default(),
            _ => Vec::new(),
        };
        let tree: Tree = TreeFile::all(&text).map(|file| (file.path, file.text)).collect();
        let tree = Rc::new(tree);
        self.trees.insert(content.clone(), Rc::clone(&tree));
        tree
    }
}
