//! Filling in what single events do not say: their turn, their tool call, their session's model.

use std::collections::HashMap;

use crate::model::{EditId, Event, SessionId, TurnId, What};

/// Gives every event its turn and its tool call, and every prompt a turn.
///
/// A prompt without an id of its own is the N-th of its session; an event without a turn belongs
/// to the prompt before it; so does an event of a sub-agent's turn, for which nobody wrote a
/// prompt. Expects each session's events in the order they were written.
pub fn fold(events: &mut [Event]) {
    let mut sessions: HashMap<SessionId, Session> = HashMap::new();
    for event in events {
        let session = sessions.entry(event.session.clone()).or_default();
        session.place += 1;
        if let What::Prompt(_) = event.what {
            session.prompts += 1;
            let nth = format!("#{}", session.prompts);
            let turn = event.turn.get_or_insert_with(|| TurnId::derive(&event.session, &nth));
            session.current = Some(turn.clone());
            session.prompted.push(turn.clone());
            continue;
        }
        let prompted = event.turn.as_ref().is_some_and(|turn| session.prompted.contains(turn));
        if !prompted && (event.turn.is_none() || event.subagent.is_some()) {
            event.turn = session.current.clone().or_else(|| event.turn.clone());
        }
        if event.edit.is_none() && matches!(event.what, What::Edit { .. }) {
            let nth = format!("#{}", session.place);
            event.edit = Some(EditId::derive(&event.session, &nth));
        }
    }
}

#[derive(Default)]
struct Session {
    /// How many events, and how many prompts, it had so far.
    place: usize,
    prompts: usize,
    current: Option<TurnId>,
    prompted: Vec<TurnId>,
}
