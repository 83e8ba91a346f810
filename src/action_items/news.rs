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
    let thing = Thing::new("action_item", after.key(), after.path());
    let text_before = before.map_or("", |before| before.details.as_str());
    tell_mentioned(c, actor.user_id, &thing, (text_before, &after.details), now)?;
    let Some(owner_id) = after.owner_id.filter(|_| before.and_then(|before| before.owner_id) != after.owner_id) else {
        return Ok(());
    };
    let due = after.due_words(now.date());
    let notice = Notice {
        kind: NoticeKind::ActionAssigned,
        title: format!("{} is yours: {}", after.key(), after.title),
        body: if due.is_empty() {
            after.details.clone()
        } else {
            format!("{}, {due}.\n\n{}", after.priority, after.details)
        },
        why: format!("{} gave you {}", actor.name, after.key()),
        audience: Audience::people([owner_id]),
        actor_id: actor.user_id,
        dedup_key: None,
        thing,
    };
    tell(c, &notice, now).map(|_| ())
}
