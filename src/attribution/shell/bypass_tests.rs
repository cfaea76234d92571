use super::*;
use proptest::prelude::*;

fn found(command: &str) -> Option<Bypass> {
    bypass(command, &|name| match name {
        "ci" => Some("commit -n".into()),
        "quick" => Some("!git commit --no-verify -m quick".into()),
        "co" => Some("checkout".into()),
        "c" => Some("commit".into()),
        _ => None,
    })
}

fn all_found(commands: &[&str]) {
    for command in commands {
        assert!(found(command).is_some(), "{command}");
    }
}

#[test]
fn what_skips_the_hooks_is_found() {
    all_found(&[
        "git commit -n -m x",
        "git commit --no-verify -m x",
        "git commit --no-verif",
        "git commit -nm --help",
        "git commit -nm x",
        "git commit -anm 'x'",
        "git commit -am x -n",
        "git commit -m x file.py -n",
        "git -C sub commit -n",
        "git -c user.name=x commit --amend --no-edit -n",
        "/usr/bin/git commit -n",
        "cd sub && git commit -m x --no-verify; ls",
        "(git commit -n)",
        "if true; then git commit -n; fi",
        "sudo -u dev git commit -n",
        "env -u CI GIT_AUTHOR_NAME=x git commit -n",
        "timeout 5 git commit -n",
        "FOO=1 git commit -n",
        "sh -c 'git commit -n -m x'",
        "bash -lc \"git add . && git commit --no-verify -m x\"",
        "bash -c \"sh -c 'git commit -n'\"",
        "eval git commit -n",
        "echo x | xargs -n 1 git commit -n",
        "echo \"$(git commit -n -m x)\"",
        "x=`git commit -n`",
        "bash <<'EOF'\ngit commit -n -m x\nEOF",
        "cat <<EOF | sh\ngit commit -n\nEOF",
        "git commit -m \"$(cat <<'EOF'\nIt's a message (really).\nEOF\n)\" --no-verify",
        "git com\\\nmit -n",
        "git 'commit' \"-n\"",
        "git merge --no-verify topic",
        "git push --no-verify",
        "git am -n x.patch",
    ]);
}

#[test]
fn what_takes_the_hooks_out_of_the_way_is_found() {
    all_found(&[
        "git -c core.hooksPath=/dev/null commit -m x",
        "git -c CORE.HOOKSPATH= commit",
        "git -c hook.ai-log.enabled=false commit",
        "git --config-env=core.hooksPath=NONE commit",
        "git config core.hooksPath /dev/null",
        "git config --global core.hookspath x",
        "git config set core.hooksPath x",
        "git config --unset core.hooksPath",
        "git config --local hook.ai-log-pre-commit.enabled false",
        "git config --remove-section hook.ai-log",
        "git config alias.x 'commit --no-verify'",
        "git config --global alias.x '!git commit -n'",
        "git -c alias.x='commit -n' x -m y",
        "git ci -m x",
        "git quick",
        "git c -n",
        "chmod -R -x .git/hooks",
        "alias g='git commit -n'",
        "SKIP=git-ai-log git commit -m x",
        "HUSKY=0 git commit -m x",
        "LEFTHOOK=0 git commit -m x",
        "LEFTHOOK=false git commit",
        "PRE_COMMIT_ALLOW_NO_CONFIG=1 git commit -m x",
        "export HUSKY=0; git commit -m x",
        "SKIP=a; export SKIP; git commit",
        "HUSKY=0 sh -c 'git commit -m x'",
        "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null git commit",
        "GIT_CONFIG_PARAMETERS=\"'core.hooksPath=/dev/null'\" git commit",
        "git config --add ai-log.trusted 0123",
        "git ai-log waive secrets:1f3a9c21 -m fine",
        "script -qec 'git ai-log attest business-logic -m fine' /dev/null",
        "yes | unbuffer git-ai-log trust",
        "git notes --ref=ai-log/provenance remove HEAD",
        "git notes --ref refs/notes/ai-log/provenance add -f -m x",
        "git update-ref -d refs/notes/ai-log/provenance",
        "rm -rf .git/ai-log",
        "\\git commit -n",
        "git commit $'-n'",
        "fish -c 'git commit -n'",
        "find . -name x -exec git commit -n ';'",
        "git rebase -x 'git commit --amend -n' main",
        "git submodule foreach 'git commit -n -m x'",
        "find .git/hooks -type f -delete",
        "find .git/hooks -type f -exec rm {} +",
        "cd .git/hooks && rm pre-commit",
        "cd .git; rm -rf hooks",
        "cd /repo/.git && echo > hooks/pre-commit",
        "printf '[core]\\n\\thooksPath = /dev/null\\n' >> .git/config",
        "git commit-tree HEAD^{tree} -m x",
        "git update-ref refs/heads/main $(git commit-tree abc)",
        "git update-ref HEAD abc",
        "git update-ref -m x refs/heads/main abc",
        "git fast-import < x",
        "git hash-object -t commit -w x",
        "rm .git/hooks/pre-commit",
        "rm -rf .git/hooks",
        "mv .git/hooks/pre-commit /tmp/x",
        "chmod -x .git/hooks/pre-commit",
        "chmod 644 /repo/.git/hooks/pre-commit",
        "echo exit 0 > .git/hooks/pre-commit",
        "> .git/hooks/pre-commit",
        "cp /bin/true .git/hooks/pre-commit",
        "sed -i s/a/b/ .git/hooks/pre-commit",
        "tee .git/hooks/pre-commit < x",
        "git ai-log uninstall",
        "git-ai-log uninstall --user",
        "npx husky uninstall",
        "pre-commit uninstall",
    ]);
}

#[test]
fn what_only_looks_like_it_is_not() {
    for command in [
        "git commit -m '-n'",
        "git commit -m -n",
        "git commit -mn",
        "git commit -am 'no verify'",
        "git commit -m \"git commit -n is denied\"",
        "git commit --message --no-verify",
        "git commit -F -n",
        "git commit -Snone -m x",
        "git commit -uno -m x",
        "git commit -m x -- -n",
        "git commit --no-edit --amend",
        "git commit --no-verbose",
        "git commit -n --verify",
        "git commit -m x # not -n",
        "# git commit -n",
        "git log -n 5",
        "git log -n5 --grep='commit -n'",
        "git push -n",
        "git push --dry-run",
        "git merge -n topic",
        "git cherry-pick -n abc",
        "git revert -n abc",
        "git rebase -n main",
        "git clean -n",
        "git add -n .",
        "git tag -n",
        "git stash",
        "grep -rn 'git commit --no-verify' .",
        "echo git commit -n",
        "echo 'git commit -n' > notes.md",
        "printf 'git commit --no-verify\\n' >> docs/hooks.md",
        "cat > docs/hooks.md <<'EOF'\nNever run:\ngit commit -n\nEOF",
        "cat <<-EOF > x\n\tgit commit -n\n\tEOF\nls",
        "git commit -F - <<EOF\ngit commit -n\nEOF",
        "git commit -m \"$(cat <<'EOF'\nDon't say git commit -n (ever)\nEOF\n)\"",
        "python3 tool.py git commit -n",
        "bash notify.sh 'git commit -n'",
        "git config core.hooksPath",
        "git config --get core.hooksPath",
        "git config get core.hooksPath",
        "git config user.name core.hooksPath",
        "git config alias.st status",
        "git config --list",
        "git config hook.lint.enabled true",
        "git -c core.hooksPath=/dev/null log",
        "git co -n",
        "git c -m 'a -n b'",
        "SKIP=slow make test",
        "HUSKY=0 npm ci",
        "HUSKY=1 git commit -m x",
        "SKIP= git commit -m x",
        "export HUSKY=0",
        "skip=1 git commit",
        "git ai-log status",
        "git ai-log trusty",
        "git notes --ref=ai-log/provenance show HEAD",
        "git notes add -m ai-log",
        "git update-ref refs/notes/x abc",
        "git update-ref -d refs/heads/old",
        "git hash-object -w x",
        "git rev-parse HEAD",
        "ls -l .git/hooks",
        "find .git/hooks -type f",
        "find . -name '*.pyc' -delete",
        "cd src && rm -rf hooks",
        "git rebase -x 'cargo test' main",
        "git submodule foreach git status",
        "printf '[user]\\n' >> .git/config",
        "cat .git/hooks/pre-commit",
        "cp .git/hooks/pre-commit /tmp/x",
        "chmod +x .git/hooks/pre-commit",
        "chmod 755 .git/hooks/pre-commit",
        "rm src/hooks/useCart.ts",
        "rm -rf hooks",
        "git ai-log uninstall --help",
        "git ai-log trust -h",
        "git commit --help -n",
        "pre-commit run --all-files",
        "gh pr create --title 'git commit -n'",
        "FLAG=-n; git commit $FLAG",
        "git commit -m 'unclosed",
        "",
    ] {
        assert_eq!(found(command), None, "{command}");
    }
}

#[test]
fn long_commands_are_read_in_one_go() {
    let many = |text: &str| text.repeat(60_000);
    for command in [
        many("a;"),
        format!("{}{}\n", many("a;"), many("<<A ")),
        many("export A=1;git commit;"),
        format!("{} sh -c '{}'", many("A=1 "), many("a;")),
        format!("env {} x", many("A=1 ")),
        many("sudo "),
        many("xargs "),
        many("$("),
        many("`"),
        many("\"$("),
        many("sh -c '"),
        many("<<A\n"),
        many("git -c a=b "),
        many("cd a;"),
    ] {
        assert_eq!(found(&command), None);
    }
}

#[test]
fn it_says_what_and_why() {
    let found = found("cd x && git -C y commit -am z --no-verify").unwrap();
    assert_eq!(
        (found.what.as_str(), found.why),
        ("git commit --no-verify", "commits past the hooks")
    );
}

#[test]
fn hooks_and_record_lie_in_gits_own_folder() {
    for path in [
        ".git/hooks/pre-commit",
        "/a/.git/hooks",
        ".git/worktrees/x/hooks/y",
        ".git\\hooks",
        ".git/ai-log/x",
    ] {
        assert!(is_guarded(path), "{path}");
    }
    for path in ["hooks/pre-commit", "src/hooks/a.ts", ".git/config", ".husky/pre-commit"] {
        assert!(!is_guarded(path), "{path}");
    }
}

proptest! {
    #[test]
    fn any_text_is_an_answer(text in "(git|commit|-n|[\\\\ '\"`$()<;\n#{}=-]|[a-z]){0,80}") {
        let _ = found(&text);
    }

    #[test]
    fn what_is_quoted_as_one_argument_is_never_run(text in "[a-z \"$()`\\\\;|&<>#-]{0,40}") {
        let command = format!("echo '{text} git commit -n'");
        prop_assert_eq!(found(&command), None);
    }
}
