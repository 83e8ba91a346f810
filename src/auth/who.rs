//! Who asks, told by the type of a handler's argument.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};

use super::actor::Actor;
use super::model::{ApiToken, Role, Scope, Session, User};
use super::queries;
use super::secrets::token_hash;
use crate::app::App;
use crate::clock::Moment;
use crate::db::Version;
use crate::error::Error;
use crate::kept::Kept;
use crate::web::flash::{FLASH_COOKIE, Flash};
use crate::web::guard::RequestId;
use crate::web::layout::{Layout, Nav, Section, ViewerCard};
use crate::web::times::{Stamp, Zone};

/// A person with a session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The person.
    pub user: User,
    /// The session's row id.
    pub session_id: i64,
    /// What the navigation shows.
    pub nav: Nav,
    /// A message from the last step.
    pub flash: Option<Flash>,
    /// This request's number.
    pub request_id: String,
    /// The instant of this request.
    pub now: Moment,
}

impl SignedIn {
    /// In whose name changes are made.
    pub fn actor(&self) -> Actor {
        Actor { user_id: Some(self.user.id), name: self.user.name.clone(), request_id: self.request_id.clone() }
    }

    /// The viewer's time zone.
    pub fn zone(&self) -> Zone {
        self.user.zone()
    }

    /// An instant as this viewer reads it.
    pub fn stamp(&self, at: Moment) -> Stamp {
        self.zone().stamp(at, self.now)
    }

    /// What stands around a page.
    pub fn layout(&self, title: impl Into<String>, place: Section) -> Layout {
        Layout {
            title: title.into(),
            place,
            viewer: Some(ViewerCard {
                name: self.user.name.clone(),
                handle: self.user.handle.clone(),
                role: self.user.role.to_string(),
                team_name: self.nav.team_name.clone(),
                zone: self.user.zone.clone(),
            }),
            live_count: self.nav.live_count,
            my_open_count: self.nav.my_open_count,
            services: self.nav.services.clone(),
            services_count: self.nav.services_count,
            flash: self.flash.clone(),
            theme: self.user.theme.to_string(),
            keys: self.user.keys_on,
            now_iso: self.now.to_string(),
            request_id: self.request_id.clone(),
        }
    }
}

/// The number that the guard gave this request.
pub fn request_id(request: &HttpRequest) -> String {
    request.extensions().get::<RequestId>().map(|id| id.0.clone()).unwrap_or_default()
}

/// How often it is written down that a session or a token is used.
const NOTED_EVERY_S: i64 = 60;
/// Bytes of each half of the memory of [`Doors`]: some hundred people.
const DOORS_HALF_BYTES: usize = 512 * 1024;
/// What one of them takes, about.
const LOOKED_BYTES: usize = 1024;

/// What somebody shows to come in, as its hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Door {
    /// A browser's cookie.
    Session(String),
    /// A program's token.
    Token(String),
}

fn session_door(request: &HttpRequest) -> Option<Door> {
    let app = request.app_data::<web::Data<App>>()?;
    let cookie = request.cookie(app.config.session_cookie())?;
    Some(Door::Session(token_hash(cookie.value())))
}

fn token_door(request: &HttpRequest) -> Option<Door> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Door::Token(token_hash(token.trim())))
}

/// The door that the handler of this path will look at.
pub(super) fn door_of(request: &HttpRequest) -> Option<Door> {
    if request.path().starts_with("/api/") { token_door(request) } else { session_door(request) }
}

/// By what somebody came in.
#[derive(Clone, Debug)]
enum Entered {
    BySession(Session),
    ByToken(ApiToken),
}

/// Who came in, and the state of the database in which that was so, where it could be told.
#[derive(Clone, Debug)]
pub(super) struct Looked {
    pub(super) version: Option<Version>,
    user: User,
    entered: Entered,
}

impl Looked {
    /// Whether it is time to write down that they are still here.
    pub(super) fn is_to_be_noted(&self, now: Moment) -> bool {
        let last = match &self.entered {
            Entered::BySession(session) => Some(session.last_used_at),
            Entered::ByToken(token) => token.last_used_at,
        };
        last.is_none_or(|last| now.seconds_since(last) >= NOTED_EVERY_S)
    }

    /// Whether the session or the token has run out, which no write says.
    fn is_over(&self, now: Moment) -> bool {
        match &self.entered {
            Entered::BySession(session) => session.expires_at <= now,
            Entered::ByToken(token) => token.expires_at.is_some_and(|end| end <= now),
        }
    }
}

/// Who came in at which door, for as long as nothing is written.
#[derive(Debug)]
pub struct Doors(Kept<Door, Looked>);

impl Default for Doors {
    fn default() -> Self {
        Doors(Kept::new(DOORS_HALF_BYTES))
    }
}

/// Who stands at the door, if they may come in.
///
/// # Errors
/// The database's.
pub(super) async fn look(app: &App, door: &Door, now: Moment) -> Result<Option<Looked>, Error> {
    let version = app.db.version().await;
    if version.is_some()
        && let Some(looked) = app.doors.0.find(door)
        && looked.version == version
        && !looked.is_over(now)
    {
        return Ok(Some(looked));
    }
    let key = door.clone();
    let found = app
        .db
        .look(move |c| {
            Ok::<_, Error>(match &key {
                Door::Session(hash) => {
                    queries::session(c, hash, now)?.map(|(user, session)| (user, Entered::BySession(session)))
                }
                Door::Token(hash) => queries::token(c, hash, now)?.map(|(user, token)| (user, Entered::ByToken(token))),
            })
        })
        .await?;
    Ok(found.map(|(user, entered)| {
        let looked = Looked { version, user, entered };
        app.doors.0.keep(door.clone(), LOOKED_BYTES, looked.clone());
        looked
    }))
}

/// What the middleware found out already, or [`look`].
async fn looked(
    request: &HttpRequest,
    app: &App,
    door: &Door,
    now: Moment,
    nobody: impl Fn() -> Error,
) -> Result<Looked, Error> {
    let known = request.extensions().get::<Looked>().cloned();
    match known {
        Some(looked) => Ok(looked),
        None => look(app, door, now).await?.ok_or_else(nobody),
    }
}

async fn signed_in(request: HttpRequest) -> Result<SignedIn, Error> {
    let app = request.app_data::<web::Data<App>>().expect("every application carries its App").clone();
    let sign_in_first = || Error::SignedOut("Sign in to go on.".to_owned());
    let door = session_door(&request).ok_or_else(sign_in_first)?;
    let now = app.clock.now();
    let looked = looked(&request, &app, &door, now, sign_in_first).await?;
    let is_to_be_noted = looked.is_to_be_noted(now);
    let Looked { version, user, entered: Entered::BySession(session) } = looked else {
        return Err(sign_in_first());
    };
    if is_to_be_noted {
        let session_id = session.id;
        app.db.write(move |c| queries::touch_session(c, session_id, now)).await?;
    }
    let nav = app.navs.of(&app.db, user.id, version).await?;
    Ok(SignedIn {
        user,
        session_id: session.id,
        nav,
        flash: request.cookie(FLASH_COOKIE).and_then(|cookie| Flash::decode(cookie.value())),
        request_id: request_id(&request),
        now,
    })
}

async fn signed_in_with(request: HttpRequest, allowed: &[Role]) -> Result<SignedIn, Error> {
    let who = signed_in(request).await?;
    if allowed.contains(&who.user.role) {
        return Ok(who);
    }
    Err(Error::Forbidden(if allowed.contains(&Role::Member) {
        "Your account may read, but not change anything. An admin can make you a member.".to_owned()
    } else {
        "Only admins may do this. Ask one of them.".to_owned()
    }))
}

macro_rules! page_reader {
    ($(#[$meta:meta])* $name:ident, $($role:ident)|+) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name(pub SignedIn);

        impl Deref for $name {
            type Target = SignedIn;
            fn deref(&self) -> &SignedIn {
                &self.0
            }
        }

        impl FromRequest for $name {
            type Error = Error;
            type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { signed_in_with(request, &[$(Role::$role),+]).await.map($name) })
            }
        }
    };
}

page_reader!(
    /// Anybody who is signed in; may read.
    Viewer, Admin | Member | Viewer
);
page_reader!(
    /// A member or admin; may change what the work needs.
    Member, Admin | Member
);
page_reader!(
    /// An admin.
    Admin, Admin
);

/// A program with a token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// In whose name it acts.
    pub user: User,
    /// What its token may do.
    pub scope: Scope,
    /// This request's number.
    pub request_id: String,
    /// The instant of this request.
    pub now: Moment,
}

impl Caller {
    /// In whose name changes are made.
    pub fn actor(&self) -> Actor {
        Actor { user_id: Some(self.user.id), name: self.user.name.clone(), request_id: self.request_id.clone() }
    }
}

async fn caller(request: HttpRequest, allowed: &[Scope]) -> Result<Caller, Error> {
    let app = request.app_data::<web::Data<App>>().expect("every application carries its App").clone();
    let door = token_door(&request).ok_or_else(|| {
        Error::SignedOut("Send your token as 'Authorization: Bearer …'. Make one under Settings, Tokens.".to_owned())
    })?;
    let now = app.clock.now();
    let unknown = || Error::SignedOut("This token is not valid: unknown, expired or revoked.".to_owned());
    let looked = looked(&request, &app, &door, now, unknown).await?;
    let is_to_be_noted = looked.is_to_be_noted(now);
    let Looked { user, entered: Entered::ByToken(token), .. } = looked else {
        return Err(unknown());
    };
    if is_to_be_noted {
        let token_id = token.id;
        app.db.write(move |c| queries::touch_token(c, token_id, now)).await?;
    }
    if !allowed.contains(&token.scope) {
        return Err(Error::Forbidden(format!("A token with the scope {} may not do this.", token.scope)));
    }
    if user.role == Role::Viewer && !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Error::Forbidden("The token's owner may read, but not change anything.".to_owned()));
    }
    Ok(Caller { user, scope: token.scope, request_id: request_id(&request), now })
}

macro_rules! api_reader {
    ($(#[$meta:meta])* $name:ident, $($scope:ident)|+) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name(pub Caller);

        impl Deref for $name {
            type Target = Caller;
            fn deref(&self) -> &Caller {
                &self.0
            }
        }

        impl FromRequest for $name {
            type Error = Error;
            type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let request = request.clone();
                Box::pin(async move { caller(request, &[$(Scope::$scope),+]).await.map($name) })
            }
        }
    };
}

api_reader!(
    /// A token that may read.
    ApiRead, Read | Write
);
api_reader!(
    /// A token that may write.
    ApiWrite, Write
);
api_reader!(
    /// Any token.
    ApiAny, Read | Write | Ingest
);
api_reader!(
    /// A token that may record deploys.
    ApiIngest, Write | Ingest
);
