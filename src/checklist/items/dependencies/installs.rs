//! Commands that install packages: which of them take whatever is newest.

use super::shell::{Word, commands};

/// What a command installs without saying which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// The program that installs.
    pub program: String,
    /// The first package without a version.
    pub package: String,
    /// Its line.
    pub line: u32,
}

/// A program that installs packages.
struct Installer {
    names: &'static [&'static str],
    /// The words before the packages, one of these.
    verbs: &'static [&'static str],
    /// Options that take the next word.
    valued: &'static [&'static str],
    /// Options with which nothing has to be pinned here.
    settled: &'static [&'static str],
    /// Whether the word says a version, or is no name.
    pinned: fn(&str) -> bool,
}

static INSTALLERS: &[Installer] = &[
    Installer {
        names: &["apt-get", "apt", "aptitude"],
        verbs: &["install"],
        valued: &["-t", "-o", "-c", "--target-release", "--option", "--config-file"],
        settled: &[],
        pinned: |word| word.contains(['=', '/']) || word.ends_with(".deb") || word.ends_with('-'),
    },
    Installer {
        names: &["pip", "pip2", "pip3", "pipx", "uv pip", "uv tool"],
        verbs: &["install"],
        valued: &[
            "-i",
            "-f",
            "-t",
            "-e",
            "-b",
            "--index-url",
            "--extra-index-url",
            "--find-links",
            "--target",
            "--prefix",
            "--root",
            "--build",
            "--trusted-host",
            "--no-binary",
            "--only-binary",
            "--platform",
            "--python-version",
            "--implementation",
            "--abi",
            "--src",
            "--cache-dir",
            "--proxy",
            "--timeout",
            "--retries",
            "--log",
            "--progress-bar",
            "--global-option",
            "--install-option",
            "--root-user-action",
            "--upgrade-strategy",
            "--use-feature",
            "--config-settings",
            "--python",
            "--editable",
            "--index",
            "-d",
        ],
        settled: &[
            "-r",
            "-c",
            "--requirement",
            "--requirements",
            "--constraint",
            "--require-hashes",
        ],
        pinned: |word| word.contains(['=', '<', '>', '!', '~', '@', '/']) || is_path(word),
    },
    Installer {
        names: &["npm", "pnpm", "yarn", "yarn global"],
        verbs: &["install", "i", "add"],
        valued: &["--registry", "--prefix", "--loglevel", "--cache", "-C", "--dir"],
        settled: &[],
        pinned: |word| {
            word.get(1..).is_some_and(|rest| rest.contains('@')) && !word.ends_with("@latest")
                || is_path(word)
        },
    },
    Installer {
        names: &["gem"],
        verbs: &["install", "i"],
        valued: &[
            "-i",
            "--install-dir",
            "-n",
            "--bindir",
            "-s",
            "--source",
            "-P",
            "--platform",
            "--document",
        ],
        settled: &["-v", "--version"],
        pinned: |word| word.contains(':') || word.ends_with(".gem"),
    },
    Installer {
        names: &["apk"],
        verbs: &["add"],
        valued: &[
            "-t",
            "--virtual",
            "-X",
            "--repository",
            "-p",
            "--root",
            "--repositories-file",
            "--keys-dir",
            "--arch",
            "--cache-dir",
        ],
        settled: &[],
        pinned: |word| {
            word.contains(['=', '~', '<', '>']) || word.ends_with(".apk") || word.starts_with('.')
        },
    },
    Installer {
        names: &["yum", "dnf", "microdnf", "zypper", "tdnf"],
        verbs: &["install", "module install", "in"],
        valued: &[
            "-c",
            "--enablerepo",
            "--disablerepo",
            "--releasever",
            "--installroot",
            "-x",
            "--exclude",
            "--repo",
            "--repoid",
        ],
        settled: &[],
        pinned: |word| {
            let version =
                word.split('-').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit()));
            version || word.contains([':', '/', '=', '*', '<', '>', '@']) || word.ends_with(".rpm")
        },
    },
    Installer {
        names: &["go"],
        verbs: &["install", "get"],
        valued: &["-tags", "-ldflags"],
        settled: &[],
        pinned: |word| {
            let version = word.split_once('@').map(|(_, version)| version);
            !word.contains('.')
                || word.starts_with('.')
                || version.is_some_and(|v| !matches!(v, "latest" | "master" | "main"))
        },
    },
    Installer {
        names: &["cargo"],
        verbs: &["install"],
        valued: &["--root", "--features", "--registry", "--index", "--target", "--bin"],
        settled: &["--version", "--vers", "--path", "--git", "--locked"],
        pinned: |word| word.contains('@'),
    },
];

/// A path, an address or an archive.
fn is_path(word: &str) -> bool {
    let ends = [".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2", ".txt"];
    word.starts_with(['.', '/', '~'])
        || word.contains("://")
        || ends.iter().any(|end| word.ends_with(end))
}

/// What a shell text that starts on this line installs without saying which version.
pub fn unpinned(text: &str, line: u32) -> Vec<Install> {
    commands(text, line).iter().filter_map(|words| of(words, 0)).collect()
}

fn of(words: &[Word], depth: usize) -> Option<Install> {
    let words: Vec<&Word> = words
        .iter()
        .skip_while(|word| {
            let assigns = word.text.split_once('=').is_some_and(|(name, _)| {
                name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            });
            assigns
                || matches!(
                    word.text.as_str(),
                    "sudo" | "exec" | "time" | "env" | "-E" | "then" | "do" | "if" | "!" | "{"
                )
        })
        .collect();
    let first = words.first()?;
    let program = first.text.rsplit('/').next().unwrap_or_default();
    if depth == 0 && matches!(program, "bash" | "sh" | "ash" | "dash" | "zsh") {
        let inner =
            words.iter().position(|word| word.text.starts_with('-') && word.text.ends_with('c'))?;
        let script = words.get(inner + 1)?;
        return commands(&script.text, script.line).iter().find_map(|words| of(words, 1));
    }
    let mut rest = &words[1..];
    let mut name = program.to_owned();
    if program.starts_with("python")
        && rest.len() > 2
        && rest[0].text == "-m"
        && rest[1].text == "pip"
    {
        name = "pip".into();
        rest = &rest[2..];
    } else if program.starts_with("pip3.") {
        name = "pip".into();
    } else if matches!(program, "uv" | "yarn")
        && let Some(next) = rest.first()
        && matches!(next.text.as_str(), "pip" | "tool" | "global")
    {
        name = format!("{program} {}", next.text);
        rest = &rest[1..];
    }
    let installer = INSTALLERS.iter().find(|installer| installer.names.contains(&name.as_str()))?;
    package(installer, rest).map(|word| Install {
        program: name,
        package: word.text.clone(),
        line: word.line,
    })
}

/// The first package of a command that has no version.
fn package<'w>(installer: &Installer, words: &[&'w Word]) -> Option<&'w Word> {
    let mut plain = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        let option = text.split('=').next().unwrap_or_default();
        if installer.settled.contains(&option) {
            return None;
        }
        if installer.valued.contains(&text) {
            words.next();
        } else if !text.starts_with('-') {
            plain.push(*word);
        }
    }
    let verbs = installer.verbs.iter().find_map(|verb| {
        let parts: Vec<&str> = verb.split(' ').collect();
        let starts = plain.len() > parts.len()
            && plain.iter().zip(&parts).all(|(word, part)| word.text == *part);
        starts.then_some((*verb, parts.len()))
    });
    let (verb, count) = verbs?;
    plain[count..].iter().copied().find(|word| {
        let text = word.text.as_str();
        let open =
            text.contains(['$', '`', '{', '>', '<']) && !text.contains("==") || text.is_empty();
        let module = verb == "module install" && text.contains(':');
        !open && !module && !(installer.pinned)(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(text: &str) -> Option<String> {
        unpinned(text, 1).first().map(|install| install.package.clone())
    }

    #[test]
    fn packages_without_a_version_are_found() {
        for (text, found) in [
            ("apt-get update && apt-get install -y curl", "curl"),
            ("sudo apt install -t stable git=1 jq", "jq"),
            ("pip install --no-cache-dir flask", "flask"),
            ("python3 -m pip install flask", "flask"),
            ("pipx install black", "black"),
            ("npm install -g typescript", "typescript"),
            ("npm install -g typescript@latest", "typescript@latest"),
            ("gem install bundler", "bundler"),
            ("apk add --no-cache git", "git"),
            ("dnf module install -y nodejs", "nodejs"),
            ("microdnf install -y rpm-sign", "rpm-sign"),
            ("go install github.com/a/b@latest", "github.com/a/b@latest"),
            ("bash -c 'yum install -y tomcat'", "tomcat"),
        ] {
            assert_eq!(package(text).as_deref(), Some(found), "{text}");
        }
    }

    #[test]
    fn packages_with_a_version_and_other_commands_pass() {
        for text in [
            "apt-get install -y curl=7.88",
            "apt-get install ./a.deb",
            "pip install flask==3.0",
            "pip install 'flask>=3'",
            "pip install -r requirements.txt",
            "pip install .",
            "pip install --target /opt x==1",
            "pip install x -c http://example.com/c.txt",
            "npm install",
            "npm ci",
            "npm install -g @scope/tool@1.2.3",
            "gem install bundler:2.4",
            "gem install bundler -v 2.4",
            "apk add git=2.40",
            "apk add git~2.40",
            "dnf install -y rpm-sign-4.16",
            "dnf group install -y 'Development Tools'",
            "dnf module install -y nodejs:20",
            "yum install -y openssl-1:1.1.1k",
            "go install ./cmd/x",
            "pipenv install black",
            "apt-get install -y $PACKAGES",
        ] {
            assert_eq!(package(text), None, "{text}");
        }
    }
}
