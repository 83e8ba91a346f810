//! The words of a message in each form: mail, chat, signed request. Pure.

use askama::Template;
use serde_json::{Value, json};

use super::model::{DIGEST, ToldNotice};
use crate::chat::model::Flavour;
use crate::error::Error;
use crate::mail::Letter;
use crate::markdown::{NoReferences, Place, SafeHtml, render_in};

/// Longest text that a chat program is sent, in characters.
const CHAT_LIMIT: usize = 2_500;

/// The reader of a letter.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// Full name.
    pub name: String,
    /// Address.
    pub email: String,
    /// The secret of their links to stop a kind.
    pub stop_token: String,
}

/// Where this Debrief is, for links and ids.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    /// The address that people use, without a slash at the end.
    pub base_url: &'a str,
}

impl House<'_> {
    /// A path here as a whole address.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The host, for Message-IDs.
    fn host(&self) -> &str {
        let rest = self.base_url.split_once("://").map_or(self.base_url, |(_, rest)| rest);
        rest.split(['/', ':']).next().filter(|host| !host.is_empty()).unwrap_or("debrief")
    }

    fn stop_url(&self, reader: &Addressee, kind: &str) -> String {
        self.link(&format!("/notifications/stop/{}/{kind}", reader.stop_token))
    }
}

#[derive(Template)]
#[template(path = "notify/mail.html")]
struct MailHtml<'a> {
    title: &'a str,
    body: SafeHtml,
    link: String,
    key: &'a str,
    why: &'a str,
    stop_url: &'a str,
    settings_url: String,
}

#[derive(Template)]
#[template(path = "notify/mail.txt")]
struct MailText<'a> {
    title: &'a str,
    body: &'a str,
    link: String,
    why: &'a str,
    stop_url: &'a str,
    settings_url: String,
}

/// The letter of one notice. `public_id` makes its Message-ID.
///
/// # Errors
/// A template that fails to render is a fault.
pub fn letter(
    house: House<'_>,
    reader: &Addressee,
    notice: &ToldNotice,
    (public_id, written_at): (&str, crate::clock::Moment),
) -> Result<Letter, Error> {
    let stop_url = house.stop_url(reader, notice.kind.as_str());
    let link = house.link(&notice.path);
    let settings_url = house.link("/settings/notifications");
    let text = MailText {
        title: &notice.title,
        body: notice.body.trim(),
        link: link.clone(),
        why: &notice.why,
        stop_url: &stop_url,
        settings_url: settings_url.clone(),
    };
    let html = MailHtml {
        title: &notice.title,
        body: html_of(&notice.body),
        link,
        key: &notice.thing_key,
        why: &notice.why,
        stop_url: &stop_url,
        settings_url,
    };
    Ok(Letter {
        to_name: reader.name.clone(),
        to_address: reader.email.clone(),
        subject: notice.title.clone(),
        text: rendered(&text)?,
        html: rendered(&html)?,
        message_id: format!("{public_id}@{}", house.host()),
        thread_id: Some(format!("{}.{}@{}", notice.thing_kind, notice.thing_key, house.host())),
        stop_url,
        written_at,
    })
}

/// One part of a digest: what is late, what is due, what is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestPart {
    /// Its heading.
    pub heading: &'static str,
    /// Its lines, a bounded number.
    pub lines: Vec<DigestLine>,
    /// How many more there are.
    pub more: i64,
    /// Where all of them are, as a path.
    pub more_path: &'static str,
}

/// One line of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestLine {
    /// What it says.
    pub title: String,
    /// Beside it, such as "3 days late"; may be empty.
    pub note: String,
    /// The thing's page, as a path.
    pub path: String,
}

#[derive(Template)]
#[template(path = "notify/digest.html")]
struct DigestHtml<'a> {
    title: &'a str,
    house: House<'a>,
    parts: &'a [DigestPart],
    stop_url: &'a str,
    settings_url: String,
}

#[derive(Template)]
#[template(path = "notify/digest.txt")]
struct DigestText<'a> {
    house: House<'a>,
    parts: &'a [DigestPart],
    stop_url: &'a str,
    settings_url: String,
}

/// The letter of a digest.
///
/// # Errors
/// A template that fails to render is a fault.
pub fn digest(
    house: House<'_>,
    reader: &Addressee,
    parts: &[DigestPart],
    (public_id, written_at): (&str, crate::clock::Moment),
) -> Result<Letter, Error> {
    let stop_url = house.stop_url(reader, DIGEST);
    let settings_url = house.link("/settings/notifications");
    let subject = digest_subject(parts);
    let text = DigestText { house, parts, stop_url: &stop_url, settings_url: settings_url.clone() };
    let html = DigestHtml { title: &subject, house, parts, stop_url: &stop_url, settings_url };
    Ok(Letter {
        to_name: reader.name.clone(),
        to_address: reader.email.clone(),
        text: rendered(&text)?,
        html: rendered(&html)?,
        subject,
        message_id: format!("{public_id}@{}", house.host()),
        thread_id: None,
        stop_url,
        written_at,
    })
}

/// `Your day in Debrief: 2 late, 1 due today, 4 new`
fn digest_subject(parts: &[DigestPart]) -> String {
    let counted: Vec<String> = parts
        .iter()
        .map(|part| {
            let count = i64::try_from(part.lines.len()).unwrap_or(0) + part.more;
            format!("{count} {}", part.heading.to_lowercase())
        })
        .collect();
    format!("Your day in Debrief: {}", counted.join(", "))
}

fn rendered(template: &impl Template) -> Result<String, Error> {
    template.render().map_err(|error| Error::Fault(format!("template: {error}")))
}

fn html_of(markdown: &str) -> SafeHtml {
    let place = Place::Within { id_prefix: "m", under_heading: 1 };
    render_in(place, markdown, &NoReferences).unwrap_or_default()
}

/// What a chat program is sent for a notice.
pub fn chat(house: House<'_>, flavour: Flavour, notice: &ToldNotice, settings_path: &str) -> Value {
    let link = house.link(&notice.path);
    let stop = house.link(settings_path);
    let body = cut(&crate::markdown::plain_text(&notice.body));
    let why = format!("This channel gets it because {}.", notice.why);
    match flavour {
        Flavour::Slack => {
            let head = format!("*<{link}|{}>*", slack(&notice.title));
            let text = if body.is_empty() { head } else { format!("{head}\n{}", slack(&body)) };
            let foot = format!("{} <{stop}|Change what comes here>", slack(&why));
            json!({
                "text": slack(&notice.title),
                "unfurl_links": false,
                "blocks": [
                    {"type": "section", "text": {"type": "mrkdwn", "text": text}},
                    {"type": "context", "elements": [{"type": "mrkdwn", "text": foot}]},
                ],
            })
        }
        Flavour::Mattermost => {
            let head = format!("**[{}]({link})**", calm_markdown(&notice.title));
            let foot = format!("_{}_ [Change what comes here]({stop})", calm_markdown(&why));
            let body = calm_markdown(&body);
            let parts: Vec<String> = [head, body, foot].into_iter().filter(|part| !part.is_empty()).collect();
            json!({"text": parts.join("\n\n")})
        }
        Flavour::Teams => {
            let mut blocks = vec![
                json!({"type": "TextBlock", "text": calm_markdown(&notice.title), "weight": "bolder", "wrap": true}),
            ];
            if !body.is_empty() {
                blocks.push(json!({"type": "TextBlock", "text": calm_markdown(&body), "wrap": true}));
            }
            blocks.push(json!({
                "type": "TextBlock", "text": calm_markdown(&why), "wrap": true, "isSubtle": true, "size": "small",
            }));
            json!({
                "type": "message",
                "attachments": [{
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": null,
                    "content": {
                        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                        "type": "AdaptiveCard",
                        "version": "1.4",
                        "body": blocks,
                        "actions": [
                            {"type": "Action.OpenUrl", "title": format!("Open {}", notice.thing_key), "url": link},
                            {"type": "Action.OpenUrl", "title": "Change what comes here", "url": stop},
                        ],
                    },
                }],
            })
        }
    }
}

fn cut(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= CHAT_LIMIT {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(CHAT_LIMIT).collect();
    short.push('…');
    short
}

/// Slack reads `<…>` as links and as calls to everybody; these three letters are all that must be written otherwise.
fn slack(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text in which no letter is Markdown and no `@` calls anybody.
fn calm_markdown(text: &str) -> String {
    let mut calm = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '~' | '#' | '|' => {
                calm.push('\\');
                calm.push(letter);
            }
            // A word joiner after it: it looks the same and calls nobody.
            '@' => calm.push_str("@\u{2060}"),
            other => calm.push(other),
        }
    }
    calm
}

/// The body of a signed request, as Standard Webhooks lays it out.
pub fn event(house: House<'_>, notice: &ToldNotice) -> Value {
    json!({
        "type": notice.kind.event_type(),
        "timestamp": notice.told_at,
        "data": {
            "kind": notice.kind,
            "thing": {"kind": notice.thing_kind, "key": notice.thing_key, "url": house.link(&notice.path)},
            "title": notice.title,
            "body": notice.body,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::notify::model::NoticeKind;

    fn notice() -> ToldNotice {
        ToldNotice {
            id: 1,
            kind: NoticeKind::ActionAssigned,
            thing_kind: "action_item".to_owned(),
            thing_key: "ACT-7".to_owned(),
            path: "/action-items/ACT-7".to_owned(),
            title: "ACT-7 is yours: <b>stop</b> @channel & [go](http://x)".to_owned(),
            body: "Do *this* <script>alert(1)</script> <!channel> @here".to_owned(),
            why: "you own ACT-7".to_owned(),
            told_at: Moment::parse("2026-11-23T14:00:00Z").unwrap(),
        }
    }

    fn reader() -> Addressee {
        Addressee { name: "Ada".to_owned(), email: "ada@example.org".to_owned(), stop_token: "t0k".to_owned() }
    }

    const HOUSE: House<'static> = House { base_url: "https://debrief.example.org:8443/x" };

    #[test]
    fn a_letter_says_why_it_came_and_how_to_stop_it() {
        let at = Moment::parse("2026-11-23T14:00:00Z").unwrap();
        let letter = letter(HOUSE, &reader(), &notice(), ("msg_1", at)).unwrap();
        let stop = "https://debrief.example.org:8443/x/notifications/stop/t0k/action_assigned";
        assert_eq!(letter.message_id, "msg_1@debrief.example.org");
        assert_eq!(letter.stop_url, stop);
        for text in [&letter.text, &letter.html] {
            assert!(text.contains("because you own ACT-7"), "{text}");
            assert!(text.contains(stop), "{text}");
            assert!(text.contains("https://debrief.example.org:8443/x/settings/notifications"), "{text}");
            assert!(text.contains("https://debrief.example.org:8443/x/action-items/ACT-7"), "{text}");
        }
        assert!(letter.text.contains("<b>stop</b> @channel &"), "{}", letter.text);
        assert!(!letter.html.contains("<b>stop</b>") && !letter.html.contains("<script>"), "{}", letter.html);
        assert!(letter.html.contains("<em>this</em>"), "{}", letter.html);
    }

    #[test]
    fn a_digest_counts_what_it_does_not_list() {
        let at = Moment::parse("2026-11-23T14:00:00Z").unwrap();
        let line = |n: i64| DigestLine {
            title: format!("ACT-{n} <i>item</i>"),
            note: "2 days late".to_owned(),
            path: format!("/action-items/ACT-{n}"),
        };
        let parts = [
            DigestPart {
                heading: "Late",
                lines: (1..=50).map(line).collect(),
                more: 9_950,
                more_path: "/action-items?view=mine",
            },
            DigestPart { heading: "New", lines: vec![line(7)], more: 0, more_path: "" },
        ];
        let letter = digest(HOUSE, &reader(), &parts, ("msg_2", at)).unwrap();
        assert_eq!(letter.subject, "Your day in Debrief: 10000 late, 1 new");
        for text in [&letter.text, &letter.html] {
            assert!(text.contains("9950 more"), "{text}");
            assert!(text.contains("/notifications/stop/t0k/digest"), "{text}");
            assert!(text.contains("2 days late"), "{text}");
        }
        assert!(!letter.html.contains("<i>item</i>"));
        assert!(letter.text.len() + letter.html.len() < 30_000);
    }

    #[test]
    fn no_chat_program_is_made_to_call_everybody() {
        let loud = ToldNotice { title: "<!channel> <b>stop</b>".to_owned(), ..notice() };
        let slack = chat(HOUSE, Flavour::Slack, &loud, "/teams/x/channels").to_string();
        assert!(!slack.contains("<!") && slack.contains("&lt;!channel&gt; &lt;b&gt;stop"), "{slack}");
        for flavour in [Flavour::Mattermost, Flavour::Teams] {
            let told = chat(HOUSE, flavour, &notice(), "/teams/x/channels").to_string();
            assert!(!told.contains("@channel") && !told.contains("@here"), "{told}");
            assert!(!told.contains("[go]("), "{told}");
            assert!(told.contains("https://debrief.example.org:8443/x/action-items/ACT-7"), "{told}");
            assert!(told.contains("because you own ACT-7"), "{told}");
            assert!(told.contains("/teams/x/channels"), "{told}");
        }
    }

    #[test]
    fn an_event_has_type_time_and_data() {
        let event = event(HOUSE, &notice());
        assert_eq!(event["type"], "action.assigned");
        assert_eq!(event["timestamp"], "2026-11-23T14:00:00Z");
        assert_eq!(event["data"]["thing"]["key"], "ACT-7");
    }
}
