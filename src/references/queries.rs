//! Looking up what a text refers to, and rendering it with that.

use std::collections::BTreeMap;

use diesel::prelude::*;

use crate::db::Conn;
use crate::db::schema::{action_items, deploys, incidents, services, users};
use crate::error::Error;
use crate::markdown::{self, Place, ReferenceKeys, References, SafeHtml, Target};

/// Most references of one kind that are looked up; the rest of a text that has more stays plain.
const LOOK_UP_LIMIT: usize = 1000;

/// What a text's references lead to.
#[derive(Clone, Debug, Default)]
pub struct Known {
    incidents: BTreeMap<i64, Target>,
    action_items: BTreeMap<i64, Target>,
    deploys: BTreeMap<i64, Target>,
    users: BTreeMap<String, Target>,
}

impl References for Known {
    fn incident(&self, number: i64) -> Option<Target> {
        self.incidents.get(&number).cloned()
    }

    fn action_item(&self, number: i64) -> Option<Target> {
        self.action_items.get(&number).cloned()
    }

    fn deploy(&self, number: i64) -> Option<Target> {
        self.deploys.get(&number).cloned()
    }

    fn user(&self, handle: &str) -> Option<Target> {
        self.users.get(&handle.to_lowercase()).cloned()
    }
}

/// Looks the keys up, with one query for each kind that is there.
///
/// # Errors
/// The database's.
pub fn look_up(c: &mut Conn, keys: &ReferenceKeys) -> Result<Known, Error> {
    let mut known = Known::default();
    let numbers = |keys: &std::collections::BTreeSet<i64>| keys.iter().copied().take(LOOK_UP_LIMIT).collect::<Vec<_>>();
    if !keys.incidents.is_empty() {
        let rows: Vec<(i64, String)> = incidents::table
            .filter(incidents::number.eq_any(numbers(&keys.incidents)))
            .select((incidents::number, incidents::title))
            .load(c)?;
        known.incidents =
            rows.into_iter().map(|(number, title)| (number, to(format!("/incidents/INC-{number}"), title))).collect();
    }
    if !keys.action_items.is_empty() {
        let rows: Vec<(i64, String)> = action_items::table
            .filter(action_items::number.eq_any(numbers(&keys.action_items)))
            .select((action_items::number, action_items::title))
            .load(c)?;
        known.action_items = rows
            .into_iter()
            .map(|(number, title)| (number, to(format!("/action-items/ACT-{number}"), title)))
            .collect();
    }
    if !keys.deploys.is_empty() {
        let rows: Vec<(i64, String, Option<String>, String)> = deploys::table
            .inner_join(services::table)
            .filter(deploys::number.eq_any(numbers(&keys.deploys)))
            .select((deploys::number, services::name, deploys::version, deploys::environment))
            .load(c)?;
        known.deploys = rows
            .into_iter()
            .map(|(number, service, version, environment)| {
                let what = version.map_or_else(|| service.clone(), |version| format!("{service} {version}"));
                (number, to(format!("/deploys/DEP-{number}"), format!("{what} in {environment}")))
            })
            .collect();
    }
    if !keys.handles.is_empty() {
        let handles: Vec<String> =
            keys.handles.iter().take(LOOK_UP_LIMIT).map(|handle| handle.to_lowercase()).collect();
        let rows: Vec<(String, String)> =
            users::table.filter(users::handle.eq_any(handles)).select((users::handle, users::name)).load(c)?;
        known.users = rows
            .into_iter()
            .map(|(handle, name)| (handle.clone(), to(format!("/action-items?owner={handle}"), name)))
            .collect();
    }
    Ok(known)
}

fn to(href: String, title: String) -> Target {
    Target { href, title }
}

/// Renders the one document of a page, with its references as links.
///
/// # Errors
/// 422 about `markdown` when the text is nested too deeply to be shown.
pub fn render(c: &mut Conn, text: &str) -> Result<SafeHtml, Error> {
    render_in(c, Place::Page, text)
}

/// Renders one text of many on a page, with its references as links.
///
/// # Errors
/// As [`render`].
pub fn render_in(c: &mut Conn, place: Place<'_>, text: &str) -> Result<SafeHtml, Error> {
    let known = look_up(c, &markdown::collect_references(text))?;
    markdown::render_in(place, text, &known).map_err(|too_deep| Error::field("markdown", too_deep.to_string()))
}
