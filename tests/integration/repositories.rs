//! One small story in every kind of repository that git opens.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crate::env::{TestRepo, run};

const TEXT: &str = "alpha\nbeta\ngamma\n";

/// The story: an agent and a person edit, the person commits, and later edits above it. The
/// repository has `a.txt` with [`TEXT`].
#[track_caller]
fn story(repo: &TestRepo) {
    edit(repo);
    repo.commit_all("both");
    check(repo);
}

#[track_caller]
fn edit(repo: &TestRepo) {
    let agent = repo.claude("story").prompt("add lines");
    agent.edit("a.txt", "beta", "beta\nagent's line one");
    repo.replace("a.txt", "gamma", "gamma\nthe person's line");
    agent.shell("printf 'from the shell\\n' >> a.txt").stop();
}

#[track_caller]
fn check(repo: &TestRepo) {
    repo.expect(
        "a.txt",
        "H | alpha
         H | beta
         A1| agent's line one
         H | gamma
         H | the person's line
         A1| from the shell",
    );
    repo.replace("a.txt", "alpha", "a later title\nalpha");
    repo.commit_with(&["-m", "later", "a.txt"]);
    later(repo);
}

/// What blame finds through the commit made later.
#[track_caller]
fn later(repo: &TestRepo) {
    repo.expect(
        "a.txt",
        "H | a later title
         H | alpha
         H | beta
         A1| agent's line one
         H | gamma
         H | the person's line
         A1| from the shell",
    );
}

fn begin(args: &[&str]) -> TestRepo {
    let repo = TestRepo::init(args);
    repo.committed(&[("a.txt", TEXT)]);
    repo
}

/// Fetches the notes and writes the hooks, in a clone.
fn join(clone: &TestRepo) {
    clone.git(["fetch", "-q", "origin", "refs/notes/*:refs/notes/*"]);
    clone.install_hooks();
}

/// The address of a repository as a server would have it.
fn url(repo: &TestRepo) -> String {
    format!("file://{}", repo.top.display())
}

#[test]
fn sha256() {
    story(&begin(&["--object-format=sha256"]));
}

#[test]
fn reftable() {
    story(&begin(&["--ref-format=reftable"]));
}

#[test]
fn reftable_and_sha256() {
    story(&begin(&["--ref-format=reftable", "--object-format=sha256"]));
}

#[test]
fn linked_work_tree() {
    let repo = begin(&[]);
    repo.git(["worktree", "add", "-q", "../linked"]);
    story(&repo.at("linked"));
}

#[test]
fn linked_work_tree_with_relative_paths_and_its_own_config() {
    let repo = begin(&[]);
    repo.git(["config", "extensions.worktreeConfig", "true"]);
    repo.git(["worktree", "add", "-q", "../linked"]);
    let linked = repo.at("linked");
    linked.git(["config", "--worktree", "core.abbrev", "9"]);
    story(&linked);
}

#[test]
fn linked_work_tree_of_a_bare_repository() {
    let repo = begin(&[]);
    repo.git(["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = repo.at("bare.git");
    bare.git(["worktree", "add", "-q", "../linked", "main"]);
    join(&bare);
    story(&repo.at("linked"));
}

#[test]
fn git_directory_elsewhere() {
    story(&begin(&["--separate-git-dir", "../elsewhere.git"]));
}

#[test]
fn folder_with_an_odd_name() {
    let repo = begin(&[]);
    repo.git(["clone", "-q", ".", "../it's \"odd\" \u{e9} and long"]);
    let odd = repo.at("it's \"odd\" \u{e9} and long");
    join(&odd);
    story(&odd);
}

#[test]
fn folder_below_the_top() {
    let repo = begin(&[]);
    repo.write("src/x.txt", "one\n");
    repo.commit_all("src");
    let below = repo.at("repo/src");
    let agent = below.claude("s").prompt("one");
    agent.edit("x.txt", "one", "one\nagent's line");
    agent.shell("printf 'from the shell\\n' >> x.txt");
    below.commit_all("from below");
    below.expect("x.txt", "H | one\nA1| agent's line\nA1| from the shell");
}

#[test]
fn submodule() {
    let repo = begin(&[]);
    let outer = repo.at("outer");
    repo.git(["init", "-q", "-b", "main", "../outer"]);
    outer.install_hooks();
    outer.git([
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        &url(&repo),
        "sub",
    ]);
    outer.commit_all("a submodule");
    let inner = repo.at("outer/sub");
    inner.git(["config", "protocol.file.allow", "always"]);
    join(&inner);
    // The agent works in the outer repository, and its edits belong to the inner one.
    let agent = outer.claude("story").prompt("add lines");
    agent.edit("sub/a.txt", "beta", "beta\nagent's line one");
    inner.replace("a.txt", "gamma", "gamma\nthe person's line");
    agent.shell("printf 'from the shell\\n' >> sub/a.txt").stop();
    inner.commit_all("both");
    check(&inner);
    outer.commit_all("the submodule moves");
    assert_eq!(outer.note("HEAD").unwrap().of("hunk").count(), 0);
}

#[test]
fn bare_clone_with_its_notes() {
    let repo = begin(&[]);
    story(&repo);
    repo.git(["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = repo.at("bare.git");
    join(&bare);
    later(&bare);
}

#[test]
fn hooks_path() {
    let repo = begin(&[]);
    std::fs::remove_dir_all(repo.git_path("hooks")).unwrap();
    repo.install_hooks_in(&repo.top.join("tools/hooks"));
    repo.git(["config", "core.hooksPath", "tools/hooks"]);
    story(&repo);
}

#[test]
fn environment_names_the_repository() {
    let repo = begin(&[]);
    edit(&repo);
    let mut git = repo.command("git");
    git.current_dir(repo.root())
        .env("GIT_DIR", repo.top.join(".git"))
        .env("GIT_WORK_TREE", &repo.top);
    assert_eq!(run(git.args(["commit", "-q", "-a", "-m", "from outside"]), b"").ok(), "");
    check(&repo);
}

#[test]
fn sparse_checkout() {
    let repo = begin(&[]);
    repo.committed(&[("in/x.txt", "one\n"), ("out/y.txt", "two\n")]);
    repo.git(["sparse-checkout", "set", "in"]);
    assert!(!repo.top.join("out").exists());
    story(&repo);
}

#[test]
fn sparse_index() {
    let repo = begin(&[]);
    repo.committed(&[("in/x.txt", "one\n"), ("out/y.txt", "two\n"), ("out/deep/z.txt", "three\n")]);
    repo.git(["sparse-checkout", "set", "--sparse-index", "in"]);
    assert!(!repo.top.join("out").exists());
    let agent = repo.codex("t").prompt("inside");
    agent.edit("in/x.txt", "one", "one\nagent's line inside");
    repo.commit_all("inside");
    repo.expect("in/x.txt", "H | one\nA1| agent's line inside");
    repo.claude("story").prompt("add").edit("a.txt", "beta", "beta\nagent's line one");
    repo.commit_all("at the top");
    repo.expect("a.txt", "H | alpha\nH | beta\nA2| agent's line one\nH | gamma");
}

#[test]
fn split_index_and_untracked_cache() {
    let repo = begin(&[]);
    repo.git(["config", "core.splitIndex", "true"]);
    repo.git(["config", "core.untrackedCache", "true"]);
    repo.git(["update-index", "--split-index"]);
    story(&repo);
}

#[test]
fn index_of_version_4() {
    let repo = begin(&[]);
    repo.git(["update-index", "--index-version", "4"]);
    story(&repo);
}

#[test]
fn partial_clone() {
    let repo = begin(&[]);
    repo.committed(&[("b.txt", "other\n")]);
    repo.git(["config", "uploadpack.allowFilter", "true"]);
    repo.git(["clone", "-q", "--filter=blob:none", &url(&repo), "../partial"]);
    let partial = repo.at("partial");
    join(&partial);
    story(&partial);
}

#[test]
fn partial_clone_without_its_server() {
    let repo = begin(&[]);
    repo.committed(&[("a.txt", &format!("{TEXT}delta\n"))]);
    repo.committed(&[("a.txt", TEXT)]);
    repo.git(["config", "uploadpack.allowFilter", "true"]);
    repo.git(["clone", "-q", "--filter=blob:none", &url(&repo), "../partial"]);
    let partial = repo.at("partial");
    partial.install_hooks();
    partial.git(["remote", "set-url", "origin", "file:///nowhere"]);
    edit(&partial);
    partial.commit_all("offline");
    let note = partial.note("HEAD").unwrap();
    assert_eq!(note.hunk(b"a.txt", 3).unwrap()["contributor"], "ai");
    assert!(note.hunk(b"a.txt", 5).is_none());
}

#[test]
fn shallow_clone() {
    let repo = begin(&[]);
    repo.committed(&[("b.txt", "other\n")]);
    repo.git(["clone", "-q", "--depth=1", &url(&repo), "../shallow"]);
    let shallow = repo.at("shallow");
    shallow.install_hooks();
    edit(&shallow);
    shallow.commit_all("both");
    // The lines of the commit at the edge are blamed on it, and it has no note here.
    shallow.expect(
        "a.txt",
        "? | alpha
         ? | beta
         A1| agent's line one
         ? | gamma
         H | the person's line
         A1| from the shell",
    );
}

#[test]
fn alternates() {
    let repo = begin(&[]);
    repo.git(["clone", "-q", "--shared", ".", "../borrower"]);
    let borrower = repo.at("borrower");
    join(&borrower);
    story(&borrower);
}

#[test]
fn packed_refs_and_objects() {
    let repo = begin(&[]);
    edit(&repo);
    repo.git(["gc", "-q"]);
    repo.git(["pack-refs", "--all"]);
    repo.commit_all("both");
    repo.git(["gc", "-q"]);
    check(&repo);
}

#[test]
fn detached_head() {
    let repo = begin(&[]);
    repo.git(["checkout", "-q", "--detach"]);
    story(&repo);
}

#[test]
fn unborn_branch() {
    let repo = TestRepo::new();
    let agent = repo.codex("s").prompt("begin");
    agent.write("a.txt", "agent's first line\n");
    repo.write("a.txt", "agent's first line\nthe person's line\n");
    repo.write("b.txt", "the person's file\n");
    agent.shell("printf 'from the shell\\n' > c.txt");
    repo.commit_all("the very first");
    repo.expect("a.txt", "A1| agent's first line\nH | the person's line");
    repo.expect("b.txt", "H | the person's file");
    repo.expect("c.txt", "A1| from the shell");
}

#[test]
fn orphan_branch() {
    let repo = begin(&[]);
    repo.git(["checkout", "-q", "--orphan", "fresh"]);
    repo.claude("s").prompt("one").edit("a.txt", "beta", "beta\nagent's line one");
    repo.commit_all("a second root");
    repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent's line one\nH | gamma");
}

#[test]
fn no_reflog() {
    let repo = begin(&[]);
    repo.git(["config", "core.logAllRefUpdates", "false"]);
    std::fs::remove_dir_all(repo.git_path("logs")).unwrap();
    story(&repo);
}

#[test]
fn author_only_in_the_environment() {
    let repo = begin(&[]);
    repo.git(["config", "user.useConfigOnly", "true"]);
    story(&repo);
}

#[test]
fn author_only_on_the_command_line() {
    let repo = begin(&[]);
    edit(&repo);
    repo.git(["config", "user.useConfigOnly", "true"]);
    let mut git = repo.command("git");
    for name in ["AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"] {
        git.env_remove(format!("GIT_{name}"));
    }
    git.args(["-c", "user.name=Pat", "-c", "user.email=pat@example.com"]);
    assert_eq!(run(git.args(["commit", "-q", "-a", "-m", "both"]), b"").ok(), "");
    check(&repo);
}

#[test]
fn nobody_is_configured_at_all() {
    let repo = begin(&[]);
    edit(&repo);
    repo.git(["config", "user.useConfigOnly", "true"]);
    repo.stage(&["a.txt"]);
    let commit =
        repo.git(["commit-tree", "-p", "HEAD", "-m", "by plumbing", &repo.git(["write-tree"])]);
    repo.git(["update-ref", "-m", "commit: by plumbing", "HEAD", &commit]);
    // Whoever runs the hook has no name; the note needs one all the same.
    let mut hook = repo.command("git-ai-log");
    for name in ["AUTHOR_NAME", "AUTHOR_EMAIL", "COMMITTER_NAME", "COMMITTER_EMAIL"] {
        hook.env_remove(format!("GIT_{name}"));
    }
    assert_eq!(run(hook.args(["hook", "post-commit"]), b"").ok(), "");
    check(&repo);
}

mod names {
    use super::*;

    #[track_caller]
    fn named(name: &str) {
        let repo = TestRepo::with(&[(name, TEXT)]);
        let claude = repo.claude("s").prompt("one");
        claude.edit(name, "beta", "beta\nagent's line one");
        repo.replace(name, "gamma", "gamma\nthe person's line");
        let generic = repo.generic("t").prompt("two");
        generic.edit(name, "alpha", "alpha\nagent's line two");
        repo.commit_all("odd");
        repo.expect(
            name,
            "H | alpha
             A2| agent's line two
             H | beta
             A1| agent's line one
             H | gamma
             H | the person's line",
        );
    }

    #[test]
    fn with_spaces() {
        named(" a folder / a  file .txt");
    }

    #[test]
    fn with_quotes() {
        named("it's \"quoted\".txt");
        named("\"");
    }

    #[test]
    fn with_new_lines_and_tabs() {
        named("a\nb\tc.txt");
    }

    #[test]
    fn with_backslashes_dashes_and_patterns() {
        named("-a\\b.txt");
        named(":(glob)[x]*?.txt");
    }

    #[test]
    fn with_letters_of_other_alphabets() {
        named("gr\u{f6}\u{df}e/\u{65e5}\u{672c}.txt");
    }

    #[test]
    fn that_are_not_utf8() {
        let repo = TestRepo::new();
        let name = OsStr::from_bytes(b"caf\xe9.txt");
        repo.write(name, "one\n");
        repo.write("plain.txt", "one\n");
        repo.commit_all("a name of another time");
        let agent = repo.claude("s").prompt("one");
        agent.edit("plain.txt", "one", "one\nagent's line");
        agent.shell("sed -i 's/^one$/one\\nfrom the shell/' caf*.txt");
        repo.commit_all("both");
        repo.expect(name, "H | one\nA1| from the shell");
        repo.expect("plain.txt", "H | one\nA1| agent's line");
    }

    #[test]
    fn ignored_files_are_not_recorded() {
        let repo = TestRepo::with(&[(".gitignore", "secret.txt\n")]);
        let agent = repo.claude("s").prompt("one");
        agent.write("secret.txt", "password of somebody\n");
        agent.shell("printf 'another password\\n' >> secret.txt");
        for event in repo.journal() {
            assert!(["prompt", "window"].contains(&event["kind"].as_str().unwrap()), "{event}");
        }
        let kept = repo.command("grep").arg("-r").arg("password of").arg(repo.state_dir()).output();
        assert_eq!(kept.unwrap().status.code(), Some(1), "a text was kept");
    }
}

mod contents {
    use super::*;

    #[test]
    fn carriage_returns() {
        let repo = TestRepo::with(&[("a.txt", "alpha\r\nbeta\r\ngamma\r\n")]);
        repo.claude("s").prompt("one").edit("a.txt", "beta\n", "beta\nagent's line one\n");
        repo.replace("a.txt", "gamma\r\n", "gamma\r\nthe person's line\r\n");
        repo.codex("t").prompt("two").edit("a.txt", "alpha\n", "alpha\nagent's line two\n");
        repo.commit_all("crlf");
        repo.expect(
            "a.txt",
            "H | alpha
             A2| agent's line two
             H | beta
             A1| agent's line one
             H | gamma
             H | the person's line",
        );
        assert!(repo.read("a.txt").lines().count() == repo.read("a.txt").matches("\r\n").count());
    }

    #[test]
    fn carriage_returns_that_git_takes_away() {
        let repo = TestRepo::with(&[(".gitattributes", "* text eol=crlf\n"), ("b.txt", "x\n")]);
        repo.write("a.txt", "alpha\r\nbeta\r\n");
        repo.commit_all("normalized");
        repo.claude("s").prompt("one").edit("a.txt", "beta\n", "beta\nagent's line\n");
        repo.replace("a.txt", "alpha\r\n", "alpha\r\nthe person's line\r\n");
        repo.commit_all("both");
        repo.expect("a.txt", "H | alpha\nH | the person's line\nH | beta\nA1| agent's line");
    }

    #[test]
    fn line_ends_that_a_person_converts() {
        let repo = TestRepo::new();
        repo.claude("s").prompt("one").write("a.txt", "agent's line one\nagent's line two\n");
        repo.write("a.txt", "agent's line one\r\nagent's line two\r\nthe person's line\r\n");
        repo.commit_all("converted");
        repo.expect("a.txt", "A1| agent's line one\nA1| agent's line two\nH | the person's line");
    }

    #[test]
    fn no_final_new_line() {
        let repo = TestRepo::with(&[("a.txt", "alpha\nbeta")]);
        repo.claude("s").prompt("one").edit("a.txt", "beta", "beta\nagent's last line");
        repo.commit_all("agent");
        repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent's last line");
        repo.write("a.txt", "alpha\nbeta\nagent's last line\n");
        repo.commit_all("the person adds a new line only");
        repo.codex("t").prompt("two").edit("a.txt", "alpha\n", "alpha\nagent's line two\n");
        repo.commit_all("agent");
        let owners: Vec<_> = repo.owners("a.txt").0.into_iter().map(|(owner, _)| owner).collect();
        assert_eq!(owners[..3], ["H", "A2", "H"]);
    }

    #[test]
    fn only_the_final_new_line_is_added_by_a_person() {
        let repo = TestRepo::new();
        repo.claude("s").prompt("one").write("a.txt", "agent's line one\nagent's last line");
        repo.write("a.txt", "agent's line one\nagent's last line\nthe person's line");
        repo.commit_all("both");
        repo.expect("a.txt", "A1| agent's line one\nA1| agent's last line\nH | the person's line");
    }

    #[test]
    fn binary_files() {
        let repo = begin(&[]);
        repo.write("image.bin", b"\x89PNG\0\0\xff\xfe\n\0");
        repo.commit_all("an image");
        let agent = repo.claude("s").prompt("one");
        agent.shell("printf 'x\\000y\\n' >> image.bin && printf 'a\\000b\\n' > new.bin");
        agent.edit("a.txt", "beta", "beta\nagent's line one");
        repo.commit_all("binary");
        let note = repo.note("HEAD").unwrap();
        assert!(note.of("hunk").all(|hunk| hunk["path"] == "a.txt"), "{note:#?}");
        repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent's line one\nH | gamma");
    }

    #[test]
    fn files_that_are_not_utf8() {
        let repo = TestRepo::new();
        repo.write("latin.txt", b"caf\xe9 one\ncaf\xe9 two\n");
        repo.commit_all("latin");
        repo.claude("s").prompt("one").shell("printf 'th\\351 three\\n' >> latin.txt");
        repo.commit_all("more");
        let note = repo.note("HEAD").unwrap();
        assert_eq!(note.hunk(b"latin.txt", 3).unwrap()["contributor"], "ai");
        assert!(note.hunk(b"latin.txt", 2).is_none());
    }

    #[test]
    fn empty_files() {
        let repo = TestRepo::with(&[("empty.txt", ""), ("full.txt", "one\n")]);
        let agent = repo.claude("s").prompt("one");
        agent.write("new.txt", "");
        agent.write("empty.txt", "agent's line\n");
        agent.write("full.txt", "");
        repo.commit_all("empty");
        repo.expect("empty.txt", "A1| agent's line");
        repo.expect("new.txt", "");
        repo.expect("full.txt", "");
    }

    #[test]
    fn very_large_files_are_unknown() {
        let repo = begin(&[]);
        let line = "sixty-four bytes of text that stand in a very large file, yes!!\n";
        let large = line.repeat(70_000);
        repo.write("large.txt", &large);
        repo.commit_all("large");
        repo.claude("s").prompt("one").shell("printf 'who wrote this\\n' >> large.txt");
        repo.replace("a.txt", "beta", "beta\nthe person's line");
        repo.commit_all("larger");
        let note = repo.note("HEAD").unwrap();
        assert_eq!(note.hunk(b"large.txt", 70_001).unwrap()["contributor"], "unknown");
        assert!(note.hunk(b"large.txt", 70_000).is_none());
        assert!(note.hunk(b"a.txt", 3).is_none());
    }

    #[test]
    fn symbolic_links() {
        let repo = begin(&[]);
        std::os::unix::fs::symlink("a.txt", repo.top.join("link")).unwrap();
        repo.commit_all("a link");
        let agent = repo.claude("s").prompt("one");
        agent.shell("ln -sfn nowhere link && ln -s a.txt other");
        agent.edit("a.txt", "beta", "beta\nagent's line one");
        repo.commit_all("links");
        repo.expect("a.txt", "H | alpha\nH | beta\nA1| agent's line one\nH | gamma");
        let note = repo.note("HEAD").unwrap();
        assert!(note.of("hunk").all(|hunk| hunk["path"] == "a.txt"), "{note:#?}");
    }

    #[test]
    fn an_edit_through_a_symbolic_link_is_the_agents() {
        let repo = begin(&[]);
        repo.write("real/x.txt", "one\n");
        std::os::unix::fs::symlink("real", repo.top.join("linked")).unwrap();
        repo.commit_all("a linked folder");
        repo.claude("s").prompt("one").edit("linked/x.txt", "one", "one\nagent's line");
        repo.commit_all("through the link");
        repo.expect("real/x.txt", "H | one\nA1| agent's line");
    }

    #[test]
    fn only_the_mode_changes() {
        let repo = begin(&[]);
        repo.claude("s").prompt("one").shell("chmod +x a.txt");
        repo.commit_all("mode");
        assert_eq!(repo.note("HEAD").unwrap().of("hunk").count(), 0);
        repo.expect("a.txt", "H | alpha\nH | beta\nH | gamma");
    }

    #[test]
    fn a_file_becomes_a_folder_and_back() {
        let repo = begin(&[]);
        let agent = repo.claude("s").prompt("one");
        agent.shell("rm a.txt && mkdir a.txt && printf 'agent_line_in_it\\n' > a.txt/in.txt");
        repo.commit_all("folder");
        repo.expect("a.txt/in.txt", "A1| agent_line_in_it");
        agent.shell("rm -r a.txt && printf 'agent_line_number_2\\n' > a.txt");
        repo.commit_all("file");
        repo.expect("a.txt", "A1| agent_line_number_2");
    }

    #[test]
    fn files_that_a_filter_changes() {
        let repo = TestRepo::with(&[(".gitattributes", "*.up filter=upper\n")]);
        repo.git(["config", "filter.upper.clean", "tr a-z A-Z"]);
        repo.write("x.up", "one\n");
        repo.commit_all("filtered");
        repo.claude("s").prompt("one").edit("x.up", "one\n", "one\nagent line\n");
        repo.commit_all("agent");
        // What git stores is not what anybody wrote: nobody is accused of the person's line.
        let owners = repo.owners("x.up");
        assert_eq!(owners.0[0].0, "H", "{owners}");
    }
}
