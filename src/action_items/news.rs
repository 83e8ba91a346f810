//! Whom an item's changes are told: whoever carries it from now on, and whom its text mentions.

use super::model::ActionItem;
use crate::auth::actor::Actor;
use crate::clock::Moment;
use crate::db::Conn;
use crate::error::Error;
use crate::notify::model::{Audience, Notice, NoticeKind, Thing};
use crate::notify::queries::{tell, tell_mentioned};

/// Tells what differs from `before`, which is nothing for a new item. Whoever takes an item up is not told that they
/// did.
///
/// # Errors
/// The database's.
pub fn changed(
    c: &mut Conn,
    actor: &Actor,
    (before, after): (Option<&ActionItem>, &ActionItem),
    now: Moment,
) -> Result<(), Error> {
    let text_before = before.map_or("", |before| before.details.as_str());
    tell_mentioned(c, actor.user_id, &after.thing(), (text_before, &after.details), now)?;
    let Some(owner_id) = after.owner_id.filter(|_| before.and_then(|before| before.owner_id) != after.owner_id) else {
        return Ok(());
    };
    given(c, actor, (owner_id, &[after]), now)
}

/// Tells somebody that items are theirs from now on, once for all of them.
///
/// # Errors
/// The database's.
pub fn given(c: &mut Conn, actor: &Actor, (owner_id, items): (i64, &[&ActionItem]), now: Moment) -> Result<(), Error> {
    let [first, others @ ..] = items else { return Ok(()) };
    let (title, body, why, path) = if others.is_empty() {
        let due = first.due_words(now.date());
        let body = if due.is_empty() {
            first.details.clone()
        } else {
            format!("{}, {due}.\n\n{}", first.priority, first.details)
        };
        let title = format!("{} is yours: {}", first.key(), first.title);
        (title, body, format!("{} gave you {}", actor.name, first.key()), first.path())
    } else {
        let lines: Vec<String> = items.iter().map(|item| format!("- {} {}", item.key(), item.title)).collect();
        let title = format!("{} action items are yours", items.len());
        (title, lines.join("\n"), format!("{} gave them to you", actor.name), "/action-items?view=mine".to_owned())
    };
    let notice = Notice {
        kind: NoticeKind::ActionAssigned,
        thing: Thing { path, ..first.thing() },
        title,
        body,
        why,
        audience: Audience::people([owner_id]),
        actor_id: actor.user_id,
        dedup_key: None,
    };
    tell(c, &notice, now).map(|_| ())
}
