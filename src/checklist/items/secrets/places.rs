//! Values that hold in one environment only: addresses, binds to every interface, home folders,
//! hard-coded temporary folders.

use std::net::Ipv4Addr;

use super::code::Use;

/// A value of one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Every interface of the machine.
    Bind,
    /// An address of a machine.
    Address,
    /// Somebody's home folder.
    Home,
    /// A folder that every user of the machine writes to.
    Temporary,
}

/// What a literal says of the environment, if it does.
pub fn of(text: &str, how: &Use) -> Option<Place> {
    if text.len() > 400 {
        return None;
    }
    let compared = matches!(how, Use::Compared(_));
    if is_every_interface(text) {
        let bound = matches!(how, Use::Named { .. } | Use::Argument(..));
        return bound.then_some(Place::Bind);
    }
    if is_address(text) {
        return (!compared).then_some(Place::Address);
    }
    if home(text).is_some() {
        return Some(Place::Home);
    }
    let temporary = ["/tmp/", "/var/tmp/", "/dev/shm/"].iter().any(|folder| {
        text.strip_prefix(folder).is_some_and(|rest| !rest.is_empty())
            || text == folder.trim_end_matches('/')
    });
    (temporary && !compared && !text.contains(char::is_whitespace)).then_some(Place::Temporary)
}

/// `0.0.0.0`, with or without a port.
fn is_every_interface(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("0.0.0.0") else {
        return false;
    };
    rest.is_empty()
        || rest.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

/// An address of a real machine: no loopback, none of those for documents, no version number.
fn is_address(text: &str) -> bool {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    let Ok(address) = host.parse::<Ipv4Addr>() else {
        return false;
    };
    let rest = &text[text.find(host).unwrap_or(0) + host.len()..];
    let parts = address.octets();
    let version = parts.iter().all(|part| *part < 20) && !text.contains("://") && parts[0] != 10;
    let public_dns = matches!(parts, [8, 8, 8 | 4, 8 | 4] | [1, 1, 1, 1] | [9, 9, 9, 9]);
    let plain = rest.is_empty() || rest.starts_with(':') || text.contains("://");
    plain
        && !version
        && !public_dns
        && !address.is_loopback()
        && !address.is_unspecified()
        && !address.is_broadcast()
        && !address.is_documentation()
        && !address.is_multicast()
        && parts[0] != 255
        && parts[3] != 0
}

/// The user whose home folder a path goes through.
pub fn home(text: &str) -> Option<&str> {
    const FOLDERS: &[&str] = &["/home/", "/Users/", "C:\\Users\\", "C:\\\\Users\\\\", "C:/Users/"];
    #[rustfmt::skip]
    const NOBODY: &[&str] = &[
        "user",
        "username",
        "name",
        "me",
        "you",
        "your-name",
        "runner",
        "foo",
        "bar",
        "shared",
        "public",
        "default",
        "node",
        "app",
        "ubuntu",
        "vagrant",
        "circleci",
        "travis",
        "git",
        "www",
        "vscode", "dev", "developer", "admin", "someone", "myuser",
        "jovyan",
        "alice",
        "bob",
        "joe",
        "jane",
        "john",
        "test",
        "example",
        "linuxbrew",
    ];
    FOLDERS.iter().find_map(|folder| {
        let at = text.find(folder)?;
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| {
            c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | ')' | '~' | '/')
        }) {
            return None;
        }
        let rest = &text[at + folder.len()..];
        let end = rest.find(['/', '\\'])?;
        let user = &rest[..end];
        let real = !user.is_empty()
            && user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
            && !NOBODY.contains(&user.to_ascii_lowercase().as_str())
            && rest.len() > end + 1;
        real.then_some(user)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_environment_are_told_from_others() {
        let argument = Use::Argument("listen".into(), 0);
        let of = |text| of(text, &argument);
        for text in ["0.0.0.0", "0.0.0.0:8080"] {
            assert_eq!(of(text), Some(Place::Bind), "{text}");
        }
        for text in
            ["192.168.10.24", "10.20.30.40:5432", "http://172.16.4.9:8080/api", "52.14.88.201"]
        {
            assert_eq!(of(text), Some(Place::Address), "{text}");
        }
        assert_eq!(of("/home/mgarcia/data/in.csv"), Some(Place::Home));
        assert_eq!(of("/Users/mgarcia/data/in.csv"), Some(Place::Home));
        assert_eq!(of("/tmp/out.txt"), Some(Place::Temporary));
        for text in [
            "127.0.0.1",
            "1.2.3.4",
            "2.14.0.1",
            "192.0.2.7",
            "255.255.255.0",
            "10.0.0.0",
            "a/tmp/b",
            "/home/user/x",
            "example.com/home/mgarcia/x",
            "./tmp/x",
            "/tmporary",
            "",
            "~/x",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(super::of("0.0.0.0", &Use::Compared("host".into())), None);
    }
}
