//! Filling in what single events do not say, their turn and their tool call; and leaving out what
//! was told twice.

use std::collections::HashMap;

use chrono::Duration;

use crate::model::{EditId, Event, SessionId, TurnId, What};

/// An event without the name of a tool call that comes again within this time is the same one.
const AT_ONCE: Duration = Duration::seconds(2);

/// Gives every event its turn and its tool call, and every prompt a turn.
///
/// A prompt without an id of its own is the N-th of its session; an event without a turn belongs
/// to the prompt before it; so does an event of a sub-agent's turn, for which nobody wrote a
/// prompt. Expects each session's events in the order they were written.
pub fn fold(events: &mut Vec<Event>) {
    fold_once(events);
}

/// The turn of each event as it is written, and its place among those that are told once: copies
/// have both of the first one.
pub fn turns(events: &[Event]) -> Vec<(Option<TurnId>, usize)> {
    let mut folded = events.to_vec();
    let places = fold_once(&mut folded);
    places.into_iter().map(|at| (folded[at].turn.clone(), at)).collect()
}

/// Folds; where among the folded events each one is.
fn fold_once(events: &mut Vec<Event>) -> Vec<usize> {
    let all = std::mem::take(events);
    let places;
    (*events, places) = once(all);
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
    places
}

/// The events, each of them once: an agent whose hooks are installed for the project and for the
/// user tells everything twice. Between two copies of an edit the replay would see the file go
/// back and forth. Also where each one, or the one that it copies, is among them.
fn once(events: Vec<Event>) -> (Vec<Event>, Vec<usize>) {
    let mut places = Vec::with_capacity(events.len());
    let mut kept: Vec<Event> = Vec::with_capacity(events.len());
    let mut calls: HashMap<(SessionId, EditId), Vec<usize>> = HashMap::new();
    let mut last: HashMap<SessionId, usize> = HashMap::new();
    for event in events {
        let session = event.session.clone();
        let call = event.edit.clone().map(|call| (session.clone(), call));
        let earlier = match &call {
            Some(call) => {
                let mut of_call = calls.get(call).into_iter().flatten().copied();
                of_call.rfind(|&at| same(&kept[at], &event))
            }
            None => last
                .get(&session)
                .copied()
                .filter(|&at| same(&kept[at], &event) && event.at - kept[at].at < AT_ONCE),
        };
        if let Some(at) = earlier {
            kept[at].model = kept[at].model.take().or(event.model);
            places.push(at);
            continue;
        }
        places.push(kept.len());
        if let Some(call) = call {
            calls.entry(call).or_default().push(kept.len());
        }
        last.insert(session, kept.len());
        kept.push(event);
    }
    (kept, places)
}

/// Whether both tell the same. Only the first copy may have come before a model was known.
fn same(one: &Event, other: &Event) -> bool {
    one.turn == other.turn
        && one.edit == other.edit
        && one.subagent == other.subagent
        && one.worktree == other.worktree
        && one.what == other.what
}

#[derive(Default)]
struct Session {
    /// How many events, and how many prompts, it had so far.
    place: usize,
    prompts: usize,
    current: Option<TurnId>,
    prompted: Vec<TurnId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PromptText;

    fn event(second: i64, call: Option<&str>, text: &str) -> Event {
        Event {
            v: 1,
            at: chrono::DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap(),
            agent: "my-tool".into(),
            session: SessionId("s_1".into()),
            turn: None,
            edit: call.map(|call| EditId(call.into())),
            subagent: None,
            model: None,
            worktree: "/top".into(),
            head: None,
            what: What::Prompt(PromptText { text: text.into(), ..PromptText::default() }),
        }
    }

    fn folded(mut events: Vec<Event>) -> Vec<Event> {
        fold(&mut events);
        events
    }

    #[test]
    fn what_is_told_twice_counts_once() {
        let (a, b) = (event(0, Some("t_1"), "a"), event(1, Some("t_2"), "b"));
        let late = Event { at: event(60, None, "").at, model: Some("m".into()), ..a.clone() };
        let all = folded(vec![a.clone(), b.clone(), late, b.clone()]);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].at, all[0].model.as_deref()), (a.at, Some("m")));
        // A prompt without a name is the next one of its session only if it is another one.
        let prompts = |second| vec![event(0, None, "go on"), event(second, None, "go on")];
        assert_eq!(folded(prompts(1)).len(), 1);
        let two = folded(prompts(30));
        assert_eq!(two.len(), 2);
        assert_ne!(two[0].turn, two[1].turn);
    }
}
