//! The stylesheet, the script and the icons, compiled in and addressed by the hash of their content.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::chance::hash_of;

struct Asset {
    url: String,
    mime: &'static str,
    content: &'static str,
}

struct Assets {
    css: Asset,
    js: Asset,
    icons: Asset,
    favicon: Asset,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css: asset("app", "css", "text/css; charset=utf-8", CSS),
    js: asset("app", "js", "text/javascript; charset=utf-8", include_str!("../../static/app.js")),
    icons: asset("icons", "svg", "image/svg+xml", include_str!("../../static/icons.svg")),
    favicon: asset("favicon", "svg", "image/svg+xml", include_str!("../../static/favicon.svg")),
});

/// Cascade layers make the order of all files but the first irrelevant.
const CSS: &str = concat!(
    include_str!("../../static/css/tokens.css"),
    include_str!("../../static/css/base.css"),
    include_str!("../../static/css/layout.css"),
    include_str!("../../static/css/button.css"),
    include_str!("../../static/css/field.css"),
    include_str!("../../static/css/pick.css"),
    include_str!("../../static/css/summary.css"),
    include_str!("../../static/css/status.css"),
    include_str!("../../static/css/bar.css"),
    include_str!("../../static/css/table.css"),
    include_str!("../../static/css/month.css"),
    include_str!("../../static/css/filters.css"),
    include_str!("../../static/css/chips.css"),
    include_str!("../../static/css/pager.css"),
    include_str!("../../static/css/tabs.css"),
    include_str!("../../static/css/kv.css"),
    include_str!("../../static/css/details.css"),
    include_str!("../../static/css/dialog.css"),
    include_str!("../../static/css/code.css"),
    include_str!("../../static/css/timeline.css"),
    include_str!("../../static/css/ladder.css"),
    include_str!("../../static/css/card.css"),
    include_str!("../../static/css/empty.css"),
    include_str!("../../static/css/print.css"),
);

fn asset(name: &str, ending: &str, mime: &'static str, content: &'static str) -> Asset {
    let hash = &hash_of(content)[..10];
    Asset { url: format!("/static/{name}.{hash}.{ending}"), mime, content }
}

/// Address of the stylesheet.
pub fn css() -> &'static str {
    &ASSETS.css.url
}

/// Address of the script.
pub fn js() -> &'static str {
    &ASSETS.js.url
}

/// Address of the icons.
pub fn icons() -> &'static str {
    &ASSETS.icons.url
}

/// Address of the icon in the browser's tab.
pub fn favicon() -> &'static str {
    &ASSETS.favicon.url
}

/// `GET /static/{file}`. The address changes with the content, so a browser may keep it for a year.
pub async fn serve(Path(file): Path<String>) -> Response {
    let all = [&ASSETS.css, &ASSETS.js, &ASSETS.icons, &ASSETS.favicon];
    match all.into_iter().find(|asset| asset.url.strip_prefix("/static/") == Some(file.as_str())) {
        Some(asset) => {
            let headers =
                [(header::CONTENT_TYPE, asset.mime), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, asset.content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
