//! Own style, script and icons, compiled in and served under the hash of their content.
//!
//! `static/css/*.css` and `static/js/*.js` are joined in the order of their names: one request each, and
//! the browser keeps them for a year because a change changes the address. `static/pages/<name>.js` are scripts of
//! single pages: a page that wants one asks for it in its block `scripts`, and the others never load it.

use std::sync::LazyLock;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::compress::gzip_tightly;
use crate::error::Error;

#[derive(RustEmbed)]
#[folder = "static/"]
struct Static;

struct Asset {
    path: String,
    content_type: &'static str,
    plain: Vec<u8>,
    zipped: Vec<u8>,
}

impl Asset {
    fn new(name: &str, content_type: &'static str, plain: Vec<u8>) -> Self {
        let hash = hex::encode(&Sha256::digest(&plain)[..8]);
        Asset { path: format!("/assets/{hash}/{name}"), content_type, zipped: gzip_tightly(&plain), plain }
    }

    fn single(file: &str, content_type: &'static str) -> Self {
        let content = Static::get(file).map(|found| found.data.into_owned()).unwrap_or_default();
        Asset::new(file, content_type, content)
    }

    fn joined(name: &str, folder: &str, content_type: &'static str) -> Self {
        let mut files: Vec<_> = Static::iter().filter(|file| file.starts_with(folder)).collect();
        files.sort();
        let mut content = Vec::new();
        for file in files {
            if let Some(found) = Static::get(&file) {
                content.extend_from_slice(&found.data);
                content.push(b'\n');
            }
        }
        Asset::new(name, content_type, content)
    }
}

struct Assets {
    css: Asset,
    js: Asset,
    icons: Asset,
    favicon: Asset,
    pages: Vec<(String, Asset)>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: Asset::joined("debrief.css", "css/", "text/css; charset=utf-8"),
    js: Asset::joined("debrief.js", "js/", "text/javascript; charset=utf-8"),
    icons: Asset::single("icons.svg", "image/svg+xml"),
    favicon: Asset::single("favicon.svg", "image/svg+xml"),
    pages: Static::iter()
        .filter_map(|file| {
            let name = file.strip_prefix("pages/")?.strip_suffix(".js")?.to_owned();
            let content = Static::get(&file)?.data.into_owned();
            let asset = Asset::new(&format!("{name}.js"), "text/javascript; charset=utf-8", content);
            Some((name, asset))
        })
        .collect(),
});

/// Address of the joined style sheet.
pub fn css_path() -> &'static str {
    &ASSETS.css.path
}

/// Address of the joined script.
pub fn js_path() -> &'static str {
    &ASSETS.js.path
}

/// Address of the script of one page, `static/pages/<name>.js`; empty when there is none of this name.
pub fn page_js_path(name: &str) -> &'static str {
    ASSETS.pages.iter().find(|(known, _)| known == name).map_or("", |(_, asset)| &asset.path)
}

/// Address of the icon sprite.
pub fn icons_path() -> &'static str {
    &ASSETS.icons.path
}

/// Address of the tab's icon.
pub fn favicon_path() -> &'static str {
    &ASSETS.favicon.path
}

/// `GET /assets/{hash}/{name}`
///
/// # Errors
/// 404 for another hash: an old page asks for an old style sheet, and a new one under the old address would lie.
pub async fn serve(request: HttpRequest, path: web::Path<(String, String)>) -> Result<HttpResponse, Error> {
    let wanted = format!("/assets/{}/{}", path.0, path.1);
    let shared = [&ASSETS.css, &ASSETS.js, &ASSETS.icons, &ASSETS.favicon];
    let mut all = shared.into_iter().chain(ASSETS.pages.iter().map(|(_, asset)| asset));
    let asset = all.find(|asset| asset.path == wanted).ok_or_else(|| Error::no("file", &path.1))?;
    let takes_gzip = accepts_gzip(request.headers().get(ACCEPT_ENCODING));
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((CONTENT_TYPE, asset.content_type))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .insert_header((VARY, "accept-encoding"));
    if takes_gzip {
        Ok(answer.insert_header((CONTENT_ENCODING, "gzip")).body(asset.zipped.as_slice()))
    } else {
        Ok(answer.body(asset.plain.as_slice()))
    }
}

/// Whether an `Accept-Encoding` takes gzip.
pub(super) fn accepts_gzip(header: Option<&HeaderValue>) -> bool {
    header.and_then(|value| value.to_str().ok()).is_some_and(|value| {
        value.split(',').any(|part| {
            let mut pieces = part.trim().split(';');
            let name = pieces.next().unwrap_or_default().trim();
            let refused = pieces.any(|piece| matches!(piece.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
            (name.eq_ignore_ascii_case("gzip") || name == "*") && !refused
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_of_pages_are_found_by_name_and_are_no_part_of_the_joined_one() {
        assert!(page_js_path("editor").ends_with("/editor.js"));
        assert_eq!(page_js_path("nothing-of-this-name"), "");
        let own = &ASSETS.pages.iter().find(|(name, _)| name == "editor").unwrap().1.plain;
        assert!(!own.is_empty());
        assert!(!ASSETS.js.plain.windows(own.len()).any(|part| part == own.as_slice()));
    }
}
