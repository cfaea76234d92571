//! What sessions told beside their steps: their prompts and how their turns ended, for the notes
//! that name them. Not that of all sessions is held at once: one whose lines come into a commit
//! long after is read again.

use std::collections::HashMap;

use crate::model::{Event, SessionId};

/// How many sessions are held.
const HELD: usize = 64;

/// The events of the sessions that were asked for last.
#[derive(Default)]
pub struct Told {
    /// By session, and when it was last asked for.
    events: HashMap<SessionId, (usize, Vec<Event>)>,
    asked: usize,
}

impl Told {
    /// A session was read, or another part of it.
    pub fn add(&mut self, session: SessionId, events: Vec<Event>) {
        self.asked += 1;
        let known = self.events.entry(session).or_default();
        known.0 = self.asked;
        known.1.extend(events);
        if self.events.len() > HELD {
            self.let_go();
        }
    }

    /// The events of a session; `read` reads it again.
    pub fn of(&mut self, session: &SessionId, read: &dyn Fn(&SessionId) -> Vec<Event>) -> &[Event] {
        if !self.events.contains_key(session) {
            self.add(session.clone(), read(session));
        }
        self.asked += 1;
        let (asked, events) = self.events.entry(session.clone()).or_default();
        *asked = self.asked;
        events
    }

    fn let_go(&mut self) {
        let longest = self.events.iter().min_by_key(|(_, (asked, _))| *asked);
        if let Some(session) = longest.map(|(session, _)| session.clone()) {
            self.events.remove(&session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_session_that_was_let_go_is_read_again() {
        let session = |number: usize| SessionId::derive("agent", &number.to_string());
        let mut told = Told::default();
        let read = Cell::new(0);
        let again = |_: &SessionId| {
            read.set(read.get() + 1);
            Vec::new()
        };
        (0..HELD).for_each(|number| told.add(session(number), Vec::new()));
        told.of(&session(0), &again);
        assert_eq!(read.get(), 0);
        told.add(session(HELD), Vec::new());
        assert_eq!(told.events.len(), HELD);
        told.of(&session(0), &again);
        assert_eq!(read.get(), 0, "it was asked for since");
        told.of(&session(1), &again);
        assert_eq!(read.get(), 1);
    }
}
