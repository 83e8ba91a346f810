//! What every page has around it, typed, so that no handler can forget a piece.

use super::assets;
use super::flash::Flash;

/// Where in the house a page is; marks the entry of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What needs me now.
    Home,
    /// Incidents and their timelines.
    Incidents,
    /// Changes.
    Deploys,
    /// Changes and incidents over time.
    Changes,
    /// Alerts that came in.
    Signals,
    /// Follow-up work.
    Actions,
    /// Meetings over what is open.
    Retros,
    /// Written postmortems.
    Postmortems,
    /// Contributing factors.
    Factors,
    /// Figures over everything.
    Insights,
    /// Services.
    Services,
    /// Teams.
    Teams,
    /// Search results.
    Search,
    /// One's own settings.
    Settings,
    /// The administration.
    Admin,
    /// Outside the navigation.
    None,
}

/// Who looks at the page, as the navigation shows it.
#[derive(Clone, Debug)]
pub struct ViewerCard {
    /// Full name.
    pub name: String,
    /// Short name for mentions.
    pub handle: String,
    /// `admin`, `member` or `viewer`.
    pub role: String,
    /// The first of their teams, or empty.
    pub team_name: String,
    /// Their time zone's IANA name.
    pub zone: String,
}

/// A service in the navigation.
#[derive(Clone, Debug)]
pub struct NavService {
    /// Its place in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// What the navigation counts and lists for one person.
#[derive(Clone, Debug, Default)]
pub struct Nav {
    /// The first of the person's teams, or empty.
    pub team_name: String,
    /// Incidents that are not resolved.
    pub live_count: usize,
    /// The viewer's own unfinished action items.
    pub my_open_count: usize,
    /// A few services: those of the viewer's teams first.
    pub services: Vec<NavService>,
    /// How many services there are.
    pub services_count: usize,
}

/// The data of `templates/layout.html`.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The page's title.
    pub title: String,
    /// Where the page is.
    pub place: Section,
    /// Who is signed in.
    pub viewer: Option<ViewerCard>,
    /// Unresolved incidents.
    pub live_count: usize,
    /// The viewer's own unfinished action items.
    pub my_open_count: usize,
    /// A few services.
    pub services: Vec<NavService>,
    /// How many services there are.
    pub services_count: usize,
    /// A message from the last step.
    pub flash: Option<Flash>,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Whether single keys are commands.
    pub keys: bool,
    /// The server's time, RFC 3339.
    pub now_iso: String,
    /// This request's number in the log.
    pub request_id: String,
}

impl Layout {
    /// A page without a signed-in viewer.
    pub fn bare(title: &str, request_id: &str) -> Self {
        Layout {
            title: title.to_owned(),
            place: Section::None,
            viewer: None,
            live_count: 0,
            my_open_count: 0,
            services: Vec::new(),
            services_count: 0,
            flash: None,
            theme: "system".to_owned(),
            keys: false,
            now_iso: String::new(),
            request_id: request_id.to_owned(),
        }
    }

    /// The word for `aria-current`.
    pub fn section(&self) -> &'static str {
        match self.place {
            Section::Home => "home",
            Section::Incidents => "incidents",
            Section::Deploys => "deploys",
            Section::Changes => "changes",
            Section::Signals => "signals",
            Section::Actions => "actions",
            Section::Retros => "retros",
            Section::Postmortems => "postmortems",
            Section::Factors => "factors",
            Section::Insights => "insights",
            Section::Services => "services",
            Section::Teams => "teams",
            Section::Search => "search",
            Section::Settings => "settings",
            Section::Admin => "admin",
            Section::None => "",
        }
    }

    /// Whether the administration is shown.
    pub fn is_admin(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.role == "admin")
    }

    /// Whether buttons that change something are shown.
    pub fn may_write(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.role != "viewer")
    }

    /// Address of the style sheet.
    pub fn css(&self) -> &'static str {
        assets::css_path()
    }

    /// Address of the script.
    pub fn js(&self) -> &'static str {
        assets::js_path()
    }

    /// Address of a script that only some pages load: `static/pages/<name>.js`.
    pub fn page_js(&self, name: &str) -> &'static str {
        assets::page_js_path(name)
    }

    /// Address of the icon sprite.
    pub fn icons(&self) -> &'static str {
        assets::icons_path()
    }

    /// Address of the tab's icon.
    pub fn favicon(&self) -> &'static str {
        assets::favicon_path()
    }
}
