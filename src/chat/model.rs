//! A channel, and which programs there are.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::chat_channels;
use crate::notify::model::{NoticeKind, kinds_of};
use crate::text_enum;

text_enum! {
    /// A chat program whose incoming webhooks are spoken.
    pub enum Flavour {
        /// Slack.
        Slack = "slack",
        /// Microsoft Teams, by a workflow.
        Teams = "teams",
        /// Mattermost.
        Mattermost = "mattermost",
    }
}

impl Flavour {
    /// Its name as people write it.
    pub const fn label(self) -> &'static str {
        match self {
            Flavour::Slack => "Slack",
            Flavour::Teams => "Microsoft Teams",
            Flavour::Mattermost => "Mattermost",
        }
    }
}

/// What a channel's address is sealed for.
pub const CHANNEL_ADDRESS: &str = "chat channel";

/// Where a team is told of things.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = chat_channels)]
pub struct Channel {
    /// Row id.
    pub id: i64,
    /// Whose it is.
    pub team_id: i64,
    /// Which program.
    pub flavour: Flavour,
    /// What people call it.
    pub name: String,
    /// The incoming webhook's address, sealed.
    pub url: String,
    /// The kinds that it takes, as a list.
    pub kinds: String,
    /// Failures since the last success.
    pub failure_count: i64,
    /// Since when nothing is sent.
    pub disabled_at: Option<Moment>,
    /// Why.
    pub disabled_reason: String,
    /// Who added it.
    pub created_by: Option<i64>,
    /// When.
    pub created_at: Moment,
}

impl Channel {
    /// The kinds that it takes.
    pub fn kinds(&self) -> Vec<NoticeKind> {
        kinds_of(&self.kinds)
    }
}
