//! Where to go after signing in: a page of ours or nowhere (S-73).

/// First parts of the addresses that someone may want to come back to.
const PAGES: [&str; 4] = ["applications", "explain", "mailboxes", "me"];

/// `text` if it is the path of one of our pages, with its query.
pub fn path(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('/')?;
    let plain = rest.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'%' | b'@' | b'#'));
    let (route, _) = rest.split_once('?').unwrap_or((rest, ""));
    let first = route.split('/').next().unwrap_or_default();
    let known = rest.is_empty() || PAGES.contains(&first);
    (plain && known && !route.contains("//") && !route.contains("..")).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_our_pages_are_followed() {
        for good in ["/", "/mailboxes", "/mailboxes/mb_1?done=saved", "/applications/app_1/edit"] {
            assert_eq!(path(good), Some(good));
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example",
            "/%2f/evil.example",
            "/@evil.example",
            "/mailboxes/../../x",
            "/mailboxes//evil.example",
            "/logout",
            "/mailboxes\r\nLocation: x",
            "javascript:alert(1)",
            "/evil",
        ] {
            assert_eq!(path(bad), None, "{bad}");
        }
    }
}
