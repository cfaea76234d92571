//! Names that speak of permission.

/// Words of which one in a name makes it a permission check.
const GUARDS: &[&str] = &[
    "login",
    "logged",
    "permission",
    "permissions",
    "perm",
    "perms",
    "role",
    "roles",
    "guard",
    "guards",
    "protect",
    "protected",
    "secure",
    "secured",
    "security",
    "admin",
    "staff",
    "superuser",
    "jwt",
    "acl",
    "policy",
    "policies",
    "scope",
    "scopes",
    "claims",
    "identity",
    "principal",
    "granted",
    "privilege",
    "privileges",
    "allowed",
    "bearer",
    "firewall",
    "forbidden",
    "unauthorized",
    "denied",
];

/// Words of which one in a path or name says that everybody is meant.
const OPEN: &[&str] = &[
    "login",
    "logout",
    "signin",
    "signout",
    "signup",
    "register",
    "registration",
    "health",
    "healthz",
    "healthcheck",
    "livez",
    "readyz",
    "ping",
    "status",
    "version",
    "metrics",
    "public",
    "webhook",
    "webhooks",
    "callback",
    "oauth",
    "forgot",
    "reset",
    "verify",
    "confirm",
    "activate",
    "token",
    "tokens",
    "refresh",
    "csrf",
    "robots",
    "favicon",
    "static",
    "assets",
    "docs",
    "swagger",
    "openapi",
    "home",
    "about",
    "error",
    "auth",
    "password",
    "sso",
    "saml",
    "session",
    "sessions",
    "well",
    "known",
    "authenticate",
    "authentication",
    "invitation",
    "invite",
    "setup",
    "install",
    "unsubscribe",
];

/// What counts as a permission check: the words above and the names that the policy gives.
pub struct Words<'p> {
    /// The policy's names, whole.
    pub named: Vec<&'p str>,
}

impl Words<'_> {
    /// Whether a text has a name that speaks of permission.
    pub fn guard(&self, text: &str) -> bool {
        names(text).any(|name| {
            self.named.contains(&name)
                || words(name).any(|word| {
                    GUARDS.contains(&&*word)
                        || (word.starts_with("auth")
                            && !matches!(&*word, "author" | "authors" | "authoring"))
                })
                || (name.contains("urrent") && name.to_ascii_lowercase().contains("user"))
        })
    }
}

/// Whether a path or name says that everybody is meant.
pub fn is_open(text: &str) -> bool {
    matches!(text, "" | "/" | "*" | "index")
        || names(text).flat_map(words).any(|word| OPEN.contains(&&*word))
}

/// Whether a path or name says that few are meant.
pub fn is_privileged(text: &str) -> bool {
    names(text)
        .flat_map(words)
        .any(|word| matches!(&*word, "admin" | "superuser" | "sudo" | "backoffice"))
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|name| !name.is_empty())
}

/// The words of a name in snake or camel case, lower case.
fn words(name: &str) -> impl Iterator<Item = String> {
    let mut all = vec![String::new()];
    let mut lower = false;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let starts = lower || chars.peek().is_some_and(|next| next.is_lowercase());
        if c == '_' || (c.is_uppercase() && starts) {
            all.push(String::new());
        }
        lower = c.is_lowercase() || c.is_numeric();
        if let Some(last) = all.last_mut().filter(|_| c != '_') {
            last.extend(c.to_lowercase());
        }
    }
    all.into_iter().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_permission_are_known_and_authors_are_not() {
        let words = Words { named: vec!["may_pay"] };
        for name in [
            "login_required",
            "@UseGuards(RolesGuard)",
            "requireAuth",
            "may_pay",
            "Depends(get_current_user)",
            "JWTAuth",
        ] {
            assert!(words.guard(name), "{name}");
        }
        for name in ["author", "list_authors", "cache_page", "may_read", "orders"] {
            assert!(!words.guard(name), "{name}");
        }
        assert!(is_open("/login") && is_open("health_check") && !is_open("/orders/:id"));
    }
}
