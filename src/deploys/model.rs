//! What a deploy is, and its rules.

use diesel::prelude::*;

use crate::clock::Moment;
use crate::db::schema::{deploy_people, deploy_references, deploys};
use crate::error::Error;
use crate::text_enum;

text_enum! {
    /// What sort of change it was.
    pub enum DeployKind {
        /// New code.
        Deploy = "deploy",
        /// Back to what ran before.
        Rollback = "rollback",
        /// Settings.
        Config = "config",
        /// A feature flag.
        Flag = "flag",
        /// A change of a database's schema or rows.
        Migration = "migration",
        /// Machines, networks, clusters.
        Infrastructure = "infrastructure",
    }
}

text_enum! {
    /// How it went.
    pub enum DeployStatus {
        /// Under way.
        Started = "started",
        /// Live.
        Succeeded = "succeeded",
        /// Never went live.
        Failed = "failed",
        /// Was live and was taken back.
        RolledBack = "rolled_back",
    }
}

impl DeployStatus {
    /// Whether it is over, one way or the other.
    pub const fn is_finished(self) -> bool {
        !matches!(self, DeployStatus::Started)
    }

    /// As a choice says it.
    pub const fn label(self) -> &'static str {
        match self {
            DeployStatus::Started => "started",
            DeployStatus::Succeeded => "succeeded",
            DeployStatus::Failed => "failed",
            DeployStatus::RolledBack => "rolled back",
        }
    }

    /// Whether it was live at some time.
    pub const fn went_live(self) -> bool {
        matches!(self, DeployStatus::Succeeded | DeployStatus::RolledBack)
    }
}

text_enum! {
    /// What a person stood for.
    pub enum Part {
        /// Wrote it.
        Author = "author",
        /// Read it before it was merged.
        Reviewer = "reviewer",
        /// Tried it and found it good.
        Qa = "qa",
        /// Said that it may go out.
        Approver = "approver",
        /// Sent it out.
        Deployer = "deployer",
    }
}

impl Part {
    /// As the page says it.
    pub const fn label(self) -> &'static str {
        match self {
            Part::Author => "Author",
            Part::Reviewer => "Reviewer",
            Part::Qa => "QA sign-off",
            Part::Approver => "Approver",
            Part::Deployer => "Deployer",
        }
    }
}

text_enum! {
    /// What a deploy refers to.
    pub enum ReferenceKind {
        /// A pull or merge request.
        PullRequest = "pull_request",
        /// A ticket.
        Ticket = "ticket",
    }
}

text_enum! {
    /// What an environment is for, whatever it is called.
    pub enum EnvironmentTier {
        /// Customers are in it.
        Production = "production",
        /// The last stop before production.
        Staging = "staging",
        /// Where it is tried out.
        Testing = "testing",
        /// Where it is made.
        Development = "development",
        /// Anything else.
        Other = "other",
    }
}

impl EnvironmentTier {
    /// What an environment is for: as somebody said, else as its name says.
    pub fn of(said: Option<Self>, name: &str) -> Self {
        said.unwrap_or_else(|| Self::of_name(name))
    }

    /// The tier that an environment's name speaks of: `prod-eu`, `checkout/staging`, `qa2`.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_lowercase();
        let mut words = name.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty());
        words
            .find_map(|word| match word {
                "production" | "prod" | "prd" | "live" => Some(EnvironmentTier::Production),
                "staging" | "stage" | "stg" | "preprod" | "preproduction" | "uat" | "acceptance" => {
                    Some(EnvironmentTier::Staging)
                }
                "testing" | "test" | "tst" | "qa" | "integration" | "int" | "ci" => Some(EnvironmentTier::Testing),
                "development" | "develop" | "dev" | "local" | "sandbox" | "review" | "preview" => {
                    Some(EnvironmentTier::Development)
                }
                _ => None,
            })
            .unwrap_or(EnvironmentTier::Other)
    }
}

/// The environment of a deploy that names none.
pub const DEFAULT_ENVIRONMENT: &str = "production";
/// Longest name of an environment, in characters.
pub const ENVIRONMENT_LIMIT: usize = 80;
/// Most people, pull requests or tickets of one deploy, each.
pub const TRAIL_LIMIT: usize = 100;
/// The source of deploys that were typed into the form.
pub const BY_HAND: &str = "hand";
/// The source of deploys that came by API.
pub const BY_API: &str = "api";

/// One recorded change.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = deploys)]
pub struct Deploy {
    /// Row id.
    pub id: i64,
    /// The number in its key.
    pub number: i64,
    /// What was changed.
    pub service_id: i64,
    /// Where, a free word.
    pub environment: String,
    /// What sort of change.
    pub kind: DeployKind,
    /// How it went.
    pub status: DeployStatus,
    /// What people call it: a release, tag or branch.
    pub version: Option<String>,
    /// The commit.
    pub commit_sha: Option<String>,
    /// The version that ran before.
    pub previous_version: Option<String>,
    /// The commit that ran before.
    pub previous_commit_sha: Option<String>,
    /// What it brings, in Markdown.
    pub summary: String,
    /// The pipeline's run or another page about it.
    pub url: Option<String>,
    /// What changed, commit by commit.
    pub compare_url: Option<String>,
    /// The deployer's name as it was given.
    pub deployed_by: Option<String>,
    /// `hand`, `api`, `import`, or `github/<slug>` of the source that delivered it.
    pub source: String,
    /// The source's own number for it.
    pub external_id: Option<String>,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it was over.
    pub finished_at: Option<Moment>,
    /// When it took effect as far as is known: finished, else started, else recorded.
    pub happened_at: Moment,
    /// Counts changes, for ETags.
    pub revision: i64,
    /// When it was recorded.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
    /// How many commits it brings, where the sender tells.
    pub commit_count: Option<i64>,
    /// How many files they touch, where the sender tells.
    pub file_count: Option<i64>,
    /// What the environment is for, where a rule or a person said so; see [`Deploy::tier`].
    pub environment_tier: Option<EnvironmentTier>,
}

impl Deploy {
    /// What its environment is for.
    pub fn tier(&self) -> EnvironmentTier {
        EnvironmentTier::of(self.environment_tier, &self.environment)
    }

    /// `DEP-12`
    pub fn key(&self) -> String {
        key(self.number)
    }

    /// Address of its page.
    pub fn path(&self) -> String {
        format!("/deploys/{}", self.key())
    }

    /// The version, else the short commit, else nothing.
    pub fn version_or_commit(&self) -> String {
        match (&self.version, &self.commit_sha) {
            (Some(version), _) => version.clone(),
            (None, Some(sha)) => short_sha(sha).to_owned(),
            (None, None) => String::new(),
        }
    }

    /// Seconds from start to finish, when both are known.
    pub fn duration_s(&self) -> Option<i64> {
        Some(self.finished_at?.seconds_since(self.started_at?))
    }
}

/// `DEP-12` for 12.
pub fn key(number: i64) -> String {
    format!("DEP-{number}")
}

/// The number of `DEP-12`, `dep-12` or `12`.
pub fn parse_key(key: &str) -> Option<i64> {
    let digits = match key.get(..4) {
        Some(prefix) if prefix.eq_ignore_ascii_case("dep-") => &key[4..],
        _ => key,
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && *number > 0)
}

/// The first twelve characters of a commit, as people compare them.
pub fn short_sha(sha: &str) -> &str {
    sha.char_indices().nth(12).map_or(sha, |(end, _)| &sha[..end])
}

/// Somebody in a deploy's trail.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = deploy_people)]
pub struct Person {
    /// Row id.
    pub id: i64,
    /// Whose trail.
    pub deploy_id: i64,
    /// What they stood for.
    pub part: Part,
    /// The name as it was given.
    pub name: String,
    /// The person here, when handle, address or name is known.
    pub user_id: Option<i64>,
    /// When they stood for it, if that is known.
    pub stood_at: Option<Moment>,
}

/// A pull request or ticket.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, serde::Serialize, utoipa::ToSchema)]
#[diesel(table_name = deploy_references)]
pub struct Reference {
    /// Which of the two.
    #[serde(skip)]
    pub kind: ReferenceKind,
    /// What stands on it: `#123`, `SHOP-45`, a title.
    pub label: String,
    /// Where it leads.
    pub url: Option<String>,
}

/// Somebody as the trail of a draft names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonDraft {
    /// What they stand for.
    pub part: Part,
    /// Name, handle or address.
    pub name: String,
    /// When, if that is known.
    pub stood_at: Option<Moment>,
}

/// A deploy as somebody wants it to be on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployDraft {
    /// Slug or name; made when it is new.
    pub service: String,
    /// A free word.
    pub environment: String,
    /// What sort of change.
    pub kind: DeployKind,
    /// How it went.
    pub status: DeployStatus,
    /// Release, tag or branch.
    pub version: Option<String>,
    /// The commit.
    pub commit_sha: Option<String>,
    /// The version that ran before.
    pub previous_version: Option<String>,
    /// The commit that ran before.
    pub previous_commit_sha: Option<String>,
    /// In Markdown.
    pub summary: String,
    /// The pipeline's run.
    pub url: Option<String>,
    /// What changed, commit by commit.
    pub compare_url: Option<String>,
    /// The deployer; stands in the trail as well.
    pub deployed_by: Option<String>,
    /// See [`Deploy::source`].
    pub source: String,
    /// The source's own number for it.
    pub external_id: Option<String>,
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it was over.
    pub finished_at: Option<Moment>,
    /// Authors, reviewers, QA, approver; the deployer is taken from `deployed_by`.
    pub people: Vec<PersonDraft>,
    /// Pull requests and tickets.
    pub references: Vec<Reference>,
    /// How many commits it brings.
    pub commit_count: Option<i64>,
    /// How many files they touch.
    pub file_count: Option<i64>,
    /// What the environment is for, when its name does not say it.
    pub environment_tier: Option<EnvironmentTier>,
}

impl DeployDraft {
    /// A succeeded deploy to production of `service`, with nothing else known.
    pub fn of(service: &str, source: &str) -> Self {
        DeployDraft {
            service: service.to_owned(),
            environment: DEFAULT_ENVIRONMENT.to_owned(),
            kind: DeployKind::Deploy,
            status: DeployStatus::Succeeded,
            version: None,
            commit_sha: None,
            previous_version: None,
            previous_commit_sha: None,
            summary: String::new(),
            url: None,
            compare_url: None,
            deployed_by: None,
            source: source.to_owned(),
            external_id: None,
            started_at: None,
            finished_at: None,
            people: Vec::new(),
            references: Vec::new(),
            commit_count: None,
            file_count: None,
            environment_tier: None,
        }
    }

    /// Where it belongs in time; see [`Deploy::happened_at`].
    pub fn happened_at(&self, recorded_at: Moment) -> Moment {
        self.finished_at.or(self.started_at).unwrap_or(recorded_at)
    }

    /// Refuses times that cannot be.
    ///
    /// # Errors
    /// 422 on `finished_at`.
    pub fn check_times(&self) -> Result<(), Error> {
        match (self.started_at, self.finished_at) {
            (Some(started), Some(finished)) if finished < started => Err(Error::field(
                "finished_at",
                format!("Finished ({finished}) is before started ({started}). Correct one of the two."),
            )),
            (_, Some(_)) if !self.status.is_finished() => Err(Error::field(
                "finished_at",
                "It is over when it has a finish. Say in status how it went, or leave the finish out.",
            )),
            _ => Ok(()),
        }
    }

    /// Fills in the time that goes without saying: what is recorded without any time happened now.
    pub fn assume_now(&mut self, now: Moment) {
        if self.started_at.is_none() && self.finished_at.is_none() {
            if self.status.is_finished() {
                self.finished_at = Some(now);
            } else {
                self.started_at = Some(now);
            }
        }
    }

    /// What a sender's next message about the same deploy makes of it. The order in which messages arrive does
    /// not matter: the message that says more wins, a late one only fills gaps, and a word that a person said
    /// (rolled back) stays.
    pub fn heed(&mut self, news: &DeployDraft) {
        let is_newer_end = news.status.is_finished()
            && self.status != DeployStatus::RolledBack
            && (!self.status.is_finished() || news.finished_at > self.finished_at);
        if is_newer_end {
            self.status = news.status;
            self.finished_at = news.finished_at;
            self.environment = news.environment.clone();
            for (mine, theirs) in [(&mut self.url, &news.url), (&mut self.version, &news.version)] {
                if theirs.is_some() {
                    mine.clone_from(theirs);
                }
            }
        }
        let gaps = [
            (&mut self.version, &news.version),
            (&mut self.commit_sha, &news.commit_sha),
            (&mut self.url, &news.url),
            (&mut self.compare_url, &news.compare_url),
            (&mut self.deployed_by, &news.deployed_by),
        ];
        for (mine, theirs) in gaps {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        }
        if self.summary.is_empty() {
            self.summary.clone_from(&news.summary);
        }
        self.started_at = match (self.started_at, news.started_at) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        // A start after the end cannot be true (a sender's clock, an older run of the same number).
        self.started_at =
            self.started_at.filter(|started| self.finished_at.is_none_or(|finished| *started <= finished));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_and_without_their_letters() {
        assert_eq!(parse_key("DEP-12"), Some(12));
        assert_eq!(parse_key("dep-12"), Some(12));
        assert_eq!(parse_key("12"), Some(12));
        for odd in ["", "DEP-", "DEP-0", "0", "-3", "+3", "INC-4", "12a", "99999999999999999999", "äöü-1"] {
            assert_eq!(parse_key(odd), None, "{odd}");
        }
    }

    #[test]
    fn short_commits_never_cut_a_letter() {
        assert_eq!(short_sha("f95f852bd8fca8fcc58a9a2d6c842781e32a215e"), "f95f852bd8fc");
        assert_eq!(short_sha("ääääääääääääääää"), "ääääääääääää");
        assert_eq!(short_sha("abc"), "abc");
    }

    fn message(status: DeployStatus, at_s: i64) -> DeployDraft {
        let at = Moment::from_millis(at_s * 1000);
        let mut draft = DeployDraft::of("shop", "github/x");
        draft.status = status;
        draft.url = Some(format!("https://ci.example/{at_s}"));
        if status.is_finished() {
            draft.finished_at = Some(at);
        } else {
            draft.started_at = Some(at);
        }
        draft
    }

    #[test]
    fn every_order_of_messages_ends_alike() {
        let [queued, running, done] = [
            message(DeployStatus::Started, 100),
            message(DeployStatus::Started, 120),
            message(DeployStatus::Succeeded, 180),
        ];
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let all = [queued, running, done];
        for order in orders {
            let mut deploy = all[order[0]].clone();
            for next in &order[1..] {
                deploy.heed(&all[*next]);
                deploy.heed(&all[*next]);
            }
            assert_eq!(deploy.status, DeployStatus::Succeeded, "{order:?}");
            assert_eq!(deploy.url.as_deref(), Some("https://ci.example/180"), "{order:?}");
            assert_eq!(deploy.duration_of(), Some(80), "{order:?}");
        }
    }

    #[test]
    fn what_a_person_said_stays() {
        let mut deploy = message(DeployStatus::Succeeded, 100);
        deploy.status = DeployStatus::RolledBack;
        deploy.heed(&message(DeployStatus::Succeeded, 100));
        deploy.heed(&message(DeployStatus::Succeeded, 200));
        assert_eq!(deploy.status, DeployStatus::RolledBack);
    }

    #[test]
    fn impossible_starts_of_senders_are_dropped() {
        let mut deploy = message(DeployStatus::Started, 500);
        deploy.heed(&message(DeployStatus::Succeeded, 100));
        assert_eq!((deploy.started_at, deploy.finished_at), (None, Some(Moment::from_millis(100_000))));
        assert!(deploy.check_times().is_ok());
    }

    impl DeployDraft {
        fn duration_of(&self) -> Option<i64> {
            Some(self.finished_at?.seconds_since(self.started_at?))
        }
    }
}
