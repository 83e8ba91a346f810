//! A browser or program that talks to the application in-process, and what it is told.

use std::collections::BTreeMap;

use actix_web::http::{Method, StatusCode};
use actix_web::{body, test};
use scraper::{Html, Selector};

use super::TestApp;

/// Somebody who sends requests and keeps cookies.
#[derive(Clone)]
pub struct Http {
    test: TestApp,
    pub cookies: BTreeMap<String, String>,
    pub bearer: Option<String>,
    pub headers: Vec<(String, String)>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Http {
    pub fn new(test: TestApp) -> Self {
        Http { test, cookies: BTreeMap::new(), bearer: None, headers: Vec::new() }
    }

    /// The same with one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.headers.push((name.to_owned(), value.to_owned()));
        other
    }

    pub async fn send(&mut self, method: Method, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        let service = test::init_service(debrief::application!(self.test.app.clone())).await;
        let mut request = test::TestRequest::with_uri(path)
            .method(method)
            .peer_addr("127.0.0.1:5000".parse().unwrap())
            .insert_header(("host", "debrief.test"));
        if !content_type.is_empty() {
            request = request.insert_header(("content-type", content_type)).set_payload(body.into());
        }
        if !self.cookies.is_empty() {
            let all: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.insert_header(("cookie", all.join("; ")));
        }
        if let Some(token) = &self.bearer {
            request = request.insert_header(("authorization", format!("Bearer {token}")));
        }
        for (name, value) in &self.headers {
            request = request.insert_header((name.as_str(), value.as_str()));
        }
        let response = test::call_service(&service, request.to_request()).await;
        let status = response.status();
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        for (name, value) in &headers {
            if name == "set-cookie" {
                let pair = value.split(';').next().unwrap();
                let (name, token) = pair.split_once('=').unwrap();
                if token.is_empty() {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), token.to_owned());
                }
            }
        }
        let body = body::to_bytes(response.into_body()).await.unwrap_or_default().to_vec();
        Answer { status, headers, body }
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, "", "").await
    }

    /// Sends a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        self.send(Method::POST, path, "application/x-www-form-urlencoded", form.finish()).await
    }

    /// Sends a form and goes where it leads.
    pub async fn post_and_follow(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let next = answer.header("location").unwrap().to_owned();
        self.get(&next).await
    }

    /// Sends JSON.
    pub async fn json(&mut self, method: Method, path: &str, body: &serde_json::Value) -> Answer {
        self.send(method, path, "application/json", body.to_string()).await
    }
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The visible text of every element that a CSS selector finds, with white space folded.
    pub fn all(&self, selector: &str) -> Vec<String> {
        let selector = Selector::parse(selector).unwrap();
        Html::parse_document(&self.text())
            .select(&selector)
            .map(|element| element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// The first of [`Answer::all`], or nothing.
    pub fn one(&self, selector: &str) -> String {
        self.all(selector).into_iter().next().unwrap_or_default()
    }

    /// An attribute of the first element that a selector finds.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let selector = Selector::parse(selector).unwrap();
        Html::parse_document(&self.text())
            .select(&selector)
            .next()
            .and_then(|element| element.value().attr(name).map(str::to_owned))
    }

    /// What stands in a form's field.
    pub fn typed(&self, name: &str) -> String {
        self.attribute(&format!("input[name={name}]"), "value")
            .unwrap_or_else(|| self.one(&format!("textarea[name={name}]")))
    }
}
