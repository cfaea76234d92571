//! Whether the start of an address is fixed, so that the rest cannot lead to another host.

/// Characters by which a part begins that is filled in.
pub const FILLED: &[char] = &['{', '$', '#', '%', '<'];

/// Words before an address that are no part of it.
const LEADING: &[&str] = &["ocation:", "url=", "redirect:", "forward:"];

/// Whether a text starts with a host and what ends it, or with a path of this site.
pub fn is_fixed(text: &str) -> bool {
    let named = LEADING.iter().find_map(|word| text.split_once(word));
    let text = named.map_or(text, |(_, rest)| rest.trim_start());
    let known = text.split(FILLED).next().unwrap_or_default();
    let whole = known.len() == text.len();
    let host = known.split_once("//").map(|(_, rest)| rest);
    match host {
        Some(host) => host.find(['/', '?']).map_or(whole && host.contains('.'), |at| at > 0),
        None => {
            let path = known.trim_start_matches('/');
            !path.is_empty() && !known.ends_with(':') && path.len() + 1 >= known.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_fixed_by_a_host_or_by_a_path() {
        for text in [
            "https://example.com/{id}",
            "/orders/",
            "index.php?next=%s",
            "//cdn.example/",
            "Location: /a",
        ] {
            assert!(is_fixed(text), "{text}");
        }
        for text in [
            "https://",
            "https://{host}/a",
            "",
            "/",
            "//",
            "{}/a",
            "https:",
            "https://example{}",
            "Location: ",
        ] {
            assert!(!is_fixed(text), "{text}");
        }
    }
}
