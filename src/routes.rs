//! Every URL in one table: method, path, whom it serves, and the handler. The authorization test walks it.

use actix_web::{Route, guard, web};

use crate::{
    attachments, auth, changes, deploys, factors, home, hooks, imports, incidents, links, postmortem_templates,
    postmortems, public_versions, reading, releases, reviews, services, signals, timeline, web as shared,
};

use crate::web::errors::wrong_method;

/// Whom a route serves. The handler's argument type enforces it; the table says it for readers and tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody, signed in or not.
    Anyone,
    /// Whoever is signed in.
    Viewer,
    /// Members and admins.
    Member,
    /// Admins.
    Admin,
    /// Tokens that may read.
    ApiRead,
    /// Tokens that may write.
    ApiWrite,
    /// Tokens that may record deploys.
    ApiIngest,
    /// Every token.
    ApiAny,
    /// Senders that sign their deliveries.
    Hook,
}

/// One line of the table.
pub struct Entry {
    /// HTTP method.
    pub method: &'static str,
    /// Path with `{placeholders}`.
    pub path: &'static str,
    /// Whom it serves.
    pub access: Access,
    mount: fn() -> Route,
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:path;)+) => {
        /// The table, in the order in which paths are matched.
        pub static TABLE: &[Entry] = &[$(
            Entry {
                method: stringify!($method),
                path: $path,
                access: Access::$access,
                mount: || routes!(@method $method).to($handler),
            }
        ),+];
    };
    // HEAD is GET without its body; the server drops it.
    (@method GET) => { web::route().guard(guard::Any(guard::Get()).or(guard::Head())) };
    (@method POST) => { web::post() };
    (@method PUT) => { web::put() };
    (@method PATCH) => { web::patch() };
    (@method DELETE) => { web::delete() };
    (@method OPTIONS) => { web::route().method(actix_web::http::Method::OPTIONS) };
}

routes! {
    GET  "/healthz"                     Anyone  shared::health::alive;
    GET  "/readyz"                      Anyone  shared::health::ready;
    GET  "/metrics"                     Anyone  shared::metrics::show;
    GET  "/assets/{hash}/{name}"        Anyone  shared::assets::serve;

    GET  "/setup"                       Anyone  auth::pages::setup;
    POST "/setup"                       Anyone  auth::pages::set_up;
    GET  "/sign-in"                     Anyone  auth::pages::sign_in_form;
    POST "/sign-in"                     Anyone  auth::pages::sign_in;
    GET  "/sign-in/{token}"             Anyone  auth::pages::sign_in_by_link;
    POST "/sign-out"                    Viewer  auth::pages::sign_out;

    GET  "/settings"                    Viewer  crate::account::pages::show;
    POST "/settings/profile"            Viewer  crate::account::pages::change_profile;
    POST "/settings/password"           Viewer  crate::account::pages::change_password;
    POST "/settings/sessions/{id}/end"  Viewer  crate::account::pages::end_session;
    POST "/settings/tokens"             Viewer  crate::account::pages::create_token;
    POST "/settings/tokens/{id}/revocation" Viewer crate::account::pages::revoke_token;

    GET  "/settings/notifications"      Viewer  crate::notify::pages::show;
    POST "/settings/notifications"      Viewer  crate::notify::pages::save;
    GET  "/settings/feeds"              Viewer  crate::feeds::pages::index;
    POST "/settings/feeds"              Viewer  crate::feeds::pages::create;
    POST "/settings/feeds/{id}/revocation" Viewer crate::feeds::pages::revoke;
    GET  "/notifications/stop/{token}/{kind}" Anyone crate::notify::pages::ask_to_stop;
    POST "/notifications/stop/{token}/{kind}" Anyone crate::notify::pages::stop;
    GET  "/feeds/{token}"               Anyone  crate::feeds::pages::read;

    GET  "/teams/{slug}/channels"       Member  crate::chat::pages::index;
    POST "/teams/{slug}/channels"       Member  crate::chat::pages::create;
    POST "/teams/{slug}/channels/{id}/removal" Member crate::chat::pages::remove;
    POST "/teams/{slug}/channels/{id}/switch-on" Member crate::chat::pages::switch_on;
    POST "/teams/{slug}/channels/{id}/switch-off" Member crate::chat::pages::switch_off;

    GET  "/admin/webhooks"              Admin   crate::webhooks::pages::index;
    POST "/admin/webhooks"              Admin   crate::webhooks::pages::create;
    GET  "/admin/webhooks/{id}"         Admin   crate::webhooks::pages::show;
    POST "/admin/webhooks/{id}"         Admin   crate::webhooks::pages::change;
    POST "/admin/webhooks/{id}/secret"  Admin   crate::webhooks::pages::renew_secret;
    POST "/admin/webhooks/{id}/test"    Admin   crate::webhooks::pages::test;
    POST "/admin/webhooks/{id}/switch-on" Admin crate::webhooks::pages::switch_on;
    POST "/admin/webhooks/{id}/switch-off" Admin crate::webhooks::pages::switch_off;
    GET  "/admin/messages"              Admin   crate::webhooks::log::pages::index;
    GET  "/admin/messages/{id}"         Admin   crate::webhooks::log::pages::show;
    POST "/admin/messages/{id}/replay"  Admin   crate::webhooks::log::pages::replay;

    GET "/teams" Viewer crate::teams::pages::index;
    POST "/teams" Member crate::teams::pages::create;
    GET "/teams/{slug}" Viewer crate::teams::pages::show;
    POST "/teams/{slug}/members" Member crate::teams::pages::join;
    POST "/teams/{slug}/members/{id}/removal" Member crate::teams::pages::leave;
    GET "/search" Viewer crate::search::pages::show;
    GET "/api/v1/search" ApiRead crate::search::api::find;
    GET "/action-items" Viewer crate::action_items::pages::index;
    POST "/action-items" Member crate::action_items::pages::create;
    GET "/action-items.csv" Viewer crate::action_items::export::pages::csv;
    GET "/action-items/board" Viewer crate::action_items::board::pages::show;
    POST "/action-items/changes" Member crate::action_items::pages::change_many;
    GET "/insights/actions" Viewer crate::insights::actions::pages::show;
    POST "/saved-views" Member crate::saved_views::pages::create;
    POST "/saved-views/{id}/removal" Member crate::saved_views::pages::remove;
    GET "/action-items/new" Member crate::action_items::pages::new;
    GET "/action-items/{key}" Viewer crate::action_items::pages::show;
    POST "/action-items/{key}" Member crate::action_items::pages::update;
    GET "/action-items/{key}/edit" Member crate::action_items::pages::edit;
    POST "/action-items/{key}/start" Member crate::action_items::life::pages::start;
    POST "/action-items/{key}/stop" Member crate::action_items::life::pages::stop;
    POST "/action-items/{key}/completion" Member crate::action_items::life::pages::complete;
    POST "/action-items/{key}/verification" Member crate::action_items::life::pages::verify;
    POST "/action-items/{key}/decline" Member crate::action_items::life::pages::decline;
    POST "/action-items/{key}/reopening" Member crate::action_items::life::pages::reopen;
    POST "/action-items/{key}/block" Member crate::action_items::life::pages::block;
    POST "/action-items/{key}/block/removal" Member crate::action_items::life::pages::unblock;
    POST "/action-items/{key}/delay" Member crate::action_items::life::pages::put_off;
    POST "/action-items/{key}/owner" Member crate::action_items::life::pages::assign;
    POST "/action-items/{key}/parts" Member crate::action_items::life::pages::split;
    POST "/action-items/{key}/merge" Member crate::action_items::life::pages::merge;
    POST "/action-items/{key}/effect" Member crate::action_items::life::pages::judge;
    POST "/action-items/{key}/issue" Member crate::trackers::pages::link;
    POST "/action-items/{key}/issue/removal" Member crate::trackers::pages::unlink;
    POST "/action-items/{key}/issue/retry" Member crate::trackers::pages::retry;
    POST "/action-items/{key}/undo" Member crate::action_items::life::pages::undo;
    GET  "/retros"                             Viewer crate::retros::pages::index;
    POST "/retros"                             Member crate::retros::pages::start;
    GET  "/retros/{id}.md"                     Viewer crate::retros::pages::markdown;
    GET  "/retros/{id}.json"                   Viewer crate::retros::api::show_json;
    GET  "/retros/{id}"                        Viewer crate::retros::pages::show;
    POST "/retros/{id}/start"                  Member crate::retros::pages::begin;
    GET  "/retros/{id}/stage"                  Viewer crate::retros::pages_live::stage;
    GET  "/retros/{id}/events"                 Viewer crate::retros::pages_live::events;
    POST "/retros/{id}/entries/{entry}/decisions" Member crate::retros::pages::decide;
    POST "/retros/{id}/undo"                   Member crate::retros::pages::undo;
    POST "/retros/{id}/position"               Member crate::retros::pages::turn;
    POST "/retros/{id}/lead"                   Member crate::retros::pages::lead;
    POST "/retros/{id}/time-box"               Member crate::retros::pages::time_box;
    POST "/retros/{id}/notes"                  Member crate::retros::pages::notes;
    POST "/retros/{id}/closing"                Member crate::retros::pages::close;
    GET  "/retros/{id}/cards"                  Viewer crate::retros::pages_cards::show;
    POST "/retros/{id}/cards"                  Member crate::retros::pages_cards::write;
    GET  "/retros/{id}/cards/stage"            Viewer crate::retros::pages_cards::stage;
    POST "/retros/{id}/cards/phase"            Member crate::retros::pages_cards::go_on;
    POST "/retros/{id}/cards/{card}/removal"   Member crate::retros::pages_cards::remove;
    POST "/retros/{id}/cards/{card}/group"     Member crate::retros::pages_cards::group;
    POST "/retros/{id}/cards/{card}/vote"      Member crate::retros::pages_cards::vote;
    POST "/retros/{id}/cards/{card}/vote/removal" Member crate::retros::pages_cards::unvote;
    POST "/retros/{id}/cards/{card}/action-item" Member crate::retros::pages_cards::make_item;
    GET  "/teams/{slug}/retro-series"          Viewer crate::retros::pages_series::show;
    POST "/teams/{slug}/retro-series"          Member crate::retros::pages_series::add;
    POST "/teams/{slug}/retro-series/{id}/ending" Member crate::retros::pages_series::end;
    GET  "/api/v1/retros"                      ApiRead crate::retros::api::list;
    GET  "/api/v1/retros/{id}"                 ApiRead crate::retros::api::show;
    GET "/api/v1/action-items" ApiRead crate::action_items::api::list;
    POST "/api/v1/action-items" ApiWrite crate::action_items::api::create;
    GET "/api/v1/action-items/{key}" ApiRead crate::action_items::api::show;
    PATCH "/api/v1/action-items/{key}" ApiWrite crate::action_items::api::change;
    POST "/api/v1/action-items/{key}/parts" ApiWrite crate::action_items::api::split;
    POST "/api/v1/action-items/{key}/merge" ApiWrite crate::action_items::api::merge;

    GET  "/admin"                       Admin   crate::admin::pages::index;
    GET  "/admin/people"                Admin   crate::admin::pages::people;
    POST "/admin/people"                Admin   crate::admin::pages::add_person;
    POST "/admin/people/{id}/role"      Admin   crate::admin::pages::change_role;
    POST "/admin/people/{id}/disabling" Admin   crate::admin::pages::disable;
    POST "/admin/people/{id}/enabling"  Admin   crate::admin::pages::enable;
    POST "/admin/people/{id}/sign-in-link" Admin crate::admin::pages::new_link;
    GET  "/admin/trackers"              Admin   crate::trackers::pages::index;
    POST "/admin/trackers"              Admin   crate::trackers::pages::create;
    GET  "/admin/trackers/{slug}"       Admin   crate::trackers::pages::show;
    POST "/admin/trackers/{slug}/token" Admin   crate::trackers::pages::renew_token;
    POST "/admin/trackers/{slug}/disabling" Admin crate::trackers::pages::disable;
    POST "/admin/trackers/{slug}/enabling" Admin crate::trackers::pages::enable;
    POST "/hooks/tracker/{slug}"        Hook    crate::trackers::pages::receive;
    GET  "/admin/policy"                Admin   crate::policies::pages::show;
    POST "/admin/policy"                Admin   crate::policies::pages::change;
    GET  "/admin/audit"                 Admin   crate::admin::pages::audit_log;
    GET  "/admin/jobs"                  Admin   crate::admin::pages::jobs;
    GET  "/admin/backups"               Admin   crate::backups::pages::index;
    POST "/admin/backups"               Admin   crate::backups::pages::ask;
    POST "/admin/jobs/{id}/revival"     Admin   crate::admin::pages::revive_job;

    GET  "/signals"                     Viewer  signals::pages::index;
    GET  "/signals/{id}"                Viewer  signals::pages::show;
    POST "/signals/{id}/incidents"      Member  signals::pages::attach;
    POST "/signals/{id}/incidents/{incident}/removal" Member signals::pages::detach;
    GET  "/admin/signal-rules"          Admin   signals::pages::rules;
    POST "/admin/signal-rules"          Admin   signals::pages::add_rule;
    POST "/admin/signal-rules/{id}/removal" Admin signals::pages::remove_rule;
    POST "/admin/signal-rules/{id}/rise" Admin  signals::pages::raise_rule;
    GET  "/api/v1/signals"              ApiRead signals::api::list;
    GET  "/api/v1/signals/{id}"         ApiRead signals::api::show;

    GET  "/services"                    Viewer  services::pages::index;
    POST "/services"                    Member  services::pages::create;
    GET  "/services/new"                Member  services::pages::new;
    GET  "/services/{slug}"             Viewer  services::pages::show;
    POST "/services/{slug}"             Member  services::pages::update;
    GET  "/services/{slug}/edit"        Member  services::pages::edit;

    POST "/incidents/{key}/events"                          Member timeline::pages::create;
    GET  "/incidents/{key}/events/new"                      Member timeline::pages::new;
    POST "/incidents/{key}/events/{id}"                     Member timeline::pages::update;
    GET  "/incidents/{key}/events/{id}/edit"                Member timeline::pages::edit;
    POST "/incidents/{key}/events/{id}/removal"             Member timeline::pages::remove;
    POST "/incidents/{key}/events/{id}/restoration"         Member timeline::pages::restore;
    POST "/incidents/{key}/events/{id}/pin"                 Member timeline::pages::pin;
    POST "/incidents/{key}/events/{id}/pin/removal"         Member timeline::pages::unpin;

    POST "/incidents/{key}/deploys"                         Member links::pages::say_of_incident;
    POST "/incidents/{key}/deploys/{deploy}/removal"        Member links::pages::unlink_from_incident;
    POST "/incidents/{key}/deploys/{deploy}/restoration"    Member links::pages::relink_to_incident;
    POST "/deploys/{key}/incidents"                         Member links::pages::say_of_deploy;
    POST "/deploys/{key}/incidents/{incident}/removal"      Member links::pages::unlink_from_deploy;
    POST "/deploys/{key}/incidents/{incident}/restoration"  Member links::pages::relink_to_deploy;
    GET  "/"                            Viewer  home::pages::show;

    GET  "/incidents"                   Viewer  incidents::pages::index;
    POST "/incidents"                   Member  incidents::pages::create;
    GET  "/incidents/new"               Member  incidents::pages::new;
    GET  "/incidents/{key}"             Viewer  incidents::pages::show;
    POST "/incidents/{key}"             Member  incidents::pages::update;
    GET  "/incidents/{key}/edit"        Member  incidents::pages::edit;
    POST "/incidents/{key}/status"      Member  incidents::steps::pages::set_status;
    POST "/incidents/{key}/severity"    Member  incidents::steps::pages::set_severity;
    GET  "/incidents/{key}/times"       Member  incidents::steps::pages::times;
    POST "/incidents/{key}/times"       Member  incidents::steps::pages::correct_times;
    POST "/incidents/{key}/roles"       Member  incidents::steps::pages::assign;
    POST "/incidents/{key}/updates"     Member  incidents::steps::pages::post_update;
    POST "/incidents/{key}/impact"      Member  incidents::steps::pages::add_figure;
    POST "/incidents/{key}/impact/{id}/removal" Member incidents::steps::pages::remove_figure;
    GET  "/postmortems"                                   Viewer  postmortems::shelf::pages::index;
    GET  "/postmortems/import"                            Member  imports::pages::new;
    POST "/postmortems/import"                            Member  imports::pages::preview;
    POST "/postmortems/import/incidents"                  Member  imports::pages::create;
    POST "/preview"                                       Viewer  postmortems::pages::preview;
    GET  "/incidents/{key}/postmortem"                    Viewer  postmortems::pages::show;
    POST "/incidents/{key}/postmortem"                    Member  postmortems::pages::start;
    GET  "/incidents/{key}/postmortem.md"                 Viewer  postmortems::pages::source;
    GET  "/incidents/{key}/postmortem.html"               Viewer  postmortems::pages_single::show;
    GET  "/incidents/{key}/postmortem.json"               Viewer  postmortems::api::show_json;
    GET  "/incidents/{key}/postmortem/edit"               Member  postmortems::pages::edit;
    POST "/incidents/{key}/postmortem/preview"            Member  postmortems::pages::preview_page;
    GET  "/incidents/{key}/postmortem/revisions"          Viewer  postmortems::revisions::pages::index;
    POST "/incidents/{key}/postmortem/revisions"          Member  postmortems::pages::save;
    GET  "/incidents/{key}/postmortem/revisions/{number}" Viewer  postmortems::revisions::pages::show;
    POST "/incidents/{key}/postmortem/revisions/{number}/return" Member postmortems::revisions::pages::bring_back;
    GET  "/incidents/{key}/postmortem/comparison"         Viewer  postmortems::revisions::pages::compare;
    POST "/incidents/{key}/postmortem/drafts"             Member  postmortems::pages_writing::keep;
    POST "/incidents/{key}/postmortem/drafts/removal"     Member  postmortems::pages_writing::drop_draft;
    POST "/incidents/{key}/postmortem/drafts/restoration" Member  postmortems::pages_writing::restore_draft;
    POST "/incidents/{key}/postmortem/additions"          Member  postmortems::pages_writing::add;
    POST "/incidents/{key}/postmortem/aside"              Member  postmortems::pages_writing::aside;
    POST "/incidents/{key}/postmortem/chat"               Member  postmortems::pages_writing::leave_for_chat;
    GET  "/incidents/{key}/chat"                          Member  postmortems::pages_writing::chat;
    POST "/incidents/{key}/chat"                          Member  postmortems::pages_writing::accept_chat;
    POST "/incidents/{key}/attachments"                   Member  postmortems::pages_writing::attach;
    GET  "/attachments/{name}"                            Viewer  attachments::pages::show;
    POST "/incidents/{key}/postmortem/wording-dismissals" Member  postmortems::pages::dismiss_hint;
    GET  "/incidents/{key}/postmortem/review"             Viewer  reviews::pages::show;
    POST "/incidents/{key}/postmortem/review/requests"    Member  reviews::pages::ask;
    POST "/incidents/{key}/postmortem/review/requests/{id}/removal"    Member reviews::pages::withdraw;
    POST "/incidents/{key}/postmortem/review/verdicts"    Member  reviews::pages::say;
    POST "/incidents/{key}/postmortem/review/comments"    Member  reviews::comments::pages::add;
    POST "/incidents/{key}/postmortem/review/comments/{id}/replies"    Member reviews::comments::pages::reply;
    POST "/incidents/{key}/postmortem/review/comments/{id}/resolution" Member reviews::comments::pages::resolve;
    POST "/incidents/{key}/postmortem/review/comments/{id}/reopening"  Member reviews::comments::pages::reopen;
    GET  "/incidents/{key}/postmortem/public"             Member  public_versions::pages::edit;
    POST "/incidents/{key}/postmortem/public"             Member  public_versions::pages::save;
    POST "/incidents/{key}/postmortem/public/sharing"     Member  public_versions::pages::share;
    POST "/incidents/{key}/postmortem/public/revocation"  Member  public_versions::pages::revoke;
    POST "/incidents/{key}/postmortem/readers"            Viewer  reading::pages::mark;
    POST "/incidents/{key}/postmortem/readers/removal"    Viewer  reading::pages::unmark;
    GET  "/p/{token}"                                     Anyone  public_versions::pages::read;
    GET  "/reviews"                                       Viewer  reviews::register::pages::index;
    GET  "/reading"                                       Viewer  reading::pages::index;
    POST "/incidents/{key}/postmortem/publication"        Member  postmortems::pages::publish;
    POST "/incidents/{key}/postmortem/draft"              Member  postmortems::pages::take_back;
    POST "/incidents/{key}/postmortem/not-needed"         Member  postmortems::pages::not_needed;

    GET  "/admin/postmortem-templates"                    Admin   postmortem_templates::pages::index;
    POST "/admin/postmortem-templates"                    Admin   postmortem_templates::pages::create;
    GET  "/admin/postmortem-templates/new"                Admin   postmortem_templates::pages::new;
    POST "/admin/postmortem-templates/rules"              Admin   postmortem_templates::pages::add_rule;
    POST "/admin/postmortem-templates/rules/{id}/removal" Admin   postmortem_templates::pages::remove_rule;
    GET  "/admin/postmortem-templates/{slug}"             Admin   postmortem_templates::pages::edit;
    POST "/admin/postmortem-templates/{slug}"             Admin   postmortem_templates::pages::update;
    POST "/admin/postmortem-templates/{slug}/removal"     Admin   postmortem_templates::pages::remove;

    GET  "/factors"                                       Viewer  factors::pages::index;
    GET  "/factors/{slug}"                                Viewer  factors::pages::show;
    POST "/factors/{slug}"                                Member  factors::pages::describe;
    GET  "/incidents/{key}/factors/new"                   Member  factors::pages::new;
    POST "/incidents/{key}/factors"                       Member  factors::pages::attach;
    POST "/incidents/{key}/factors/{slug}/removal"        Member  factors::pages::detach;
    GET  "/deploys"                     Viewer  deploys::pages::index;
    POST "/deploys"                     Member  deploys::pages::create;
    GET  "/deploys/new"                 Member  deploys::pages::new;
    GET  "/deploys/{key}"               Viewer  deploys::pages::show;
    POST "/deploys/{key}"               Member  deploys::pages::update;
    GET  "/deploys/{key}/edit"          Member  deploys::pages::edit;
    POST "/deploys/{key}/people"        Member  deploys::pages::add_person;
    POST "/deploys/{key}/people/{id}/removal" Member deploys::pages::remove_person;

    POST "/hooks/{sender}/{slug}"       Hook    hooks::receive::receive;
    OPTIONS "/hooks/{sender}/{slug}"    Anyone  hooks::receive::handshake;
    POST "/v2/change/enqueue"           Hook    hooks::receive::enqueue_change;
    POST "/v1/deploys"                  Hook    hooks::receive::deploy_as_honeybadger;
    GET  "/admin/sources"               Admin   hooks::pages::index;
    POST "/admin/sources"               Admin   hooks::pages::create;
    GET  "/admin/sources/{slug}"        Admin   hooks::pages::show;
    POST "/admin/sources/{slug}/secret" Admin   hooks::pages::renew_secret;
    POST "/admin/sources/{slug}/switch" Admin   hooks::pages::switch;
    GET  "/admin/deliveries"            Admin   hooks::pages_deliveries::index;
    POST "/admin/deliveries/replay"     Admin   hooks::pages_deliveries::replay_many;
    GET  "/admin/deliveries/{id}"       Admin   hooks::pages_deliveries::delivery;
    POST "/admin/deliveries/{id}/replay" Admin  hooks::pages_deliveries::replay;
    GET  "/admin/rules"                 Admin   hooks::rules::pages::index;
    POST "/admin/rules"                 Admin   hooks::rules::pages::create;
    GET  "/admin/rules/new"             Admin   hooks::rules::pages::new;
    GET  "/admin/rules/{id}"            Admin   hooks::rules::pages::edit;
    POST "/admin/rules/{id}"            Admin   hooks::rules::pages::update;
    POST "/admin/rules/{id}/removal"    Admin   hooks::rules::pages::remove;
    POST "/admin/rules/{id}/rise"       Admin   hooks::rules::pages::rise;

    POST "/deploys/{key}/marks/{id}/removal" Member deploys::pages::take_mark_back;
    POST "/deploys/{key}/checklist"     Member  releases::pages::give;
    POST "/deploys/{key}/checklist/{id}" Member releases::pages::tick;
    GET  "/services/{slug}/release"     Member  releases::pages::settings;
    POST "/services/{slug}/release"     Member  releases::pages::set;
    GET  "/admin/freezes"               Admin   releases::pages::freezes;
    POST "/admin/freezes"               Admin   releases::pages::declare;
    POST "/admin/freezes/{id}/cancellation" Admin releases::pages::cancel;
    GET  "/changes"                     Viewer  changes::pages::index;

    GET  "/api/v1/deploys/readiness"    ApiAny    releases::api::readiness;
    GET  "/api/v1/deploys"              ApiRead   deploys::api::list;
    POST "/api/v1/deploys"              ApiIngest deploys::api::create;
    GET  "/api/v1/deploys/{key}"        ApiRead   deploys::api::show;
    PATCH "/api/v1/deploys/{key}"       ApiWrite  deploys::api::change;

    GET  "/api/v1/openapi.json"         Anyone   crate::api::openapi::show;
    GET  "/api/v1/services"             ApiRead  services::api::list;
    POST "/api/v1/services"             ApiWrite services::api::create;
    GET  "/api/v1/services/{slug}"      ApiRead  services::api::show;
    POST "/incidents/{key}/suspects/none"                Member crate::suspects::pages::say_none;
    POST "/incidents/{key}/suspects/none/removal"        Member crate::suspects::pages::take_back_none;
    POST "/incidents/{key}/suspects/{deploy}/end"        Member crate::suspects::pages::say_end;
    GET  "/insights"                                     Viewer crate::insights::delivery::pages::show;
    GET  "/insights/suspects"                            Viewer crate::insights::suspects::pages::show;
    GET  "/api/v1/incidents/{key}/suspects"  ApiRead  crate::suspects::api::of_incident;
    POST "/api/v1/incidents/{key}/suspects/none" ApiWrite crate::suspects::api::say_none;
    DELETE "/api/v1/incidents/{key}/suspects/none" ApiWrite crate::suspects::api::take_back_none;
    GET  "/api/v1/incidents/{key}/deploys"   ApiRead  links::api::of_incident;
    POST "/api/v1/incidents/{key}/deploys"   ApiWrite links::api::say;
    GET  "/api/v1/deploys/{key}/incidents"   ApiRead  links::api::of_deploy;
    GET  "/api/v1/incidents/{key}/timeline"  ApiRead  timeline::api::list;
    POST "/api/v1/incidents/{key}/timeline"  ApiWrite timeline::api::create;

    GET   "/api/v1/incidents"           ApiRead  incidents::api::list;
    POST  "/api/v1/incidents"           ApiWrite incidents::api::create;
    GET   "/api/v1/incidents/{key}"     ApiRead  incidents::api::show;
    PATCH "/api/v1/incidents/{key}"     ApiWrite incidents::api::change;
    GET  "/api/v1/incidents/{key}/postmortem"             ApiRead  postmortems::api::show;
    PUT  "/api/v1/incidents/{key}/postmortem"             ApiWrite postmortems::api::put;
    POST "/api/v1/wording"                                ApiRead  crate::wording::api::look;
    POST "/api/v1/incidents/{key}/postmortem/publication" ApiWrite postmortems::api::publish;
}

/// Mounts the table: one resource for each path, 405 for methods that it does not take, 404 for all else.
pub fn mount(config: &mut web::ServiceConfig) {
    let mut paths: Vec<&'static str> = Vec::new();
    for entry in TABLE {
        if !paths.contains(&entry.path) {
            paths.push(entry.path);
        }
    }
    // They are tried one after the other, and a comparison costs far less than a pattern: those of one beginning stand
    // together, there the ones without placeholders first, then the short ones. Only paths of the same length can match
    // the same address, and those keep their order.
    paths.sort_by_key(|path| (path.contains('{'), path.matches('/').count()));
    let mut rooms: Vec<(&'static str, Vec<&'static str>)> = Vec::new();
    for path in paths {
        let beginning = beginning_of(path);
        match rooms.iter_mut().find(|(known, _)| *known == beginning) {
            Some((_, within)) => within.push(path),
            None => rooms.push((beginning, vec![path])),
        }
    }
    for (beginning, paths) in rooms {
        let is_room = !beginning.is_empty() && paths != [beginning];
        if is_room {
            let within =
                |scope: actix_web::Scope, path: &'static str| scope.service(resource(path, &path[beginning.len()..]));
            config.service(paths.into_iter().fold(web::scope(beginning), within));
        } else {
            paths.into_iter().for_each(|path| {
                config.service(resource(path, path));
            });
        }
    }
    config.default_service(web::route().to(crate::web::errors::not_found));
}

/// What comes before the first placeholder of a path, at most its first part; of the API's, its first three.
fn beginning_of(path: &str) -> &str {
    let parts = if path.starts_with("/api/v1/") { 3 } else { 1 };
    let end = path.match_indices('/').map(|(at, _)| at).nth(parts).unwrap_or(path.len());
    if path[..end].contains('{') { "" } else { &path[..end] }
}

/// A path of the table, mounted at `place`.
fn resource(path: &'static str, place: &str) -> actix_web::Resource {
    let routes = TABLE.iter().filter(|entry| entry.path == path);
    let resource = routes.fold(web::resource(place), |resource, entry| resource.route((entry.mount)()));
    resource.default_service(web::route().to(wrong_method))
}

/// The methods that a path of the table takes, as `Allow` lists them.
pub fn methods_of(pattern: &str) -> String {
    let mut methods: Vec<&str> = TABLE.iter().filter(|entry| entry.path == pattern).map(|entry| entry.method).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    methods.join(", ")
}

/// Whether `path` is a page of the table that may be opened by GET.
pub fn is_known_page(path: &str) -> bool {
    path == "/"
        || TABLE.iter().any(|entry| {
            entry.method == "GET"
                && !matches!(entry.access, Access::ApiRead | Access::ApiWrite | Access::ApiIngest | Access::ApiAny)
                && matches_pattern(entry.path, path)
        })
}

fn matches_pattern(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(&path).all(|(wanted, given)| {
            wanted == given || (wanted.starts_with('{') && wanted.ends_with('}') && !given.is_empty())
        })
}
