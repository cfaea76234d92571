//! What git makes of commits, and what goes from one clone to another.

use crate::history::History;

impl History {
    pub fn commit(&mut self, clone: usize, hooks: bool) {
        let made = self.run(clone, hooks, "save work");
        self.note(clone, made, hooks, &[]);
    }

    /// One of the files that differ from HEAD is committed, the others stay as they are.
    pub fn part(&mut self, clone: usize, hooks: bool) {
        let files = self.files(clone);
        if !files.is_empty() {
            let file = self.dice.one(&files).clone();
            let script =
                format!("git add -- {file}; git diff --cached --quiet || git commit -q -m part");
            let made = self.run(clone, hooks, &script);
            self.note(clone, made, hooks, &[]);
        }
    }

    /// Both sides of a stash's conflict may bring back any line that was ever committed. Returns
    /// whether there was one.
    fn stir(&mut self, clone: usize) -> bool {
        let repo = &self.clones[clone];
        let torn = std::fs::remove_file(repo.top.join(".git/stirred")).is_ok();
        if torn {
            let texts = repo.git(["log", "-p", "-m", "--format=", "--reflog", "--all"]);
            let lines = texts.lines().filter_map(|line| line.strip_prefix('+'));
            self.stirred[clone].extend(lines.map(|line| line.trim().to_owned()));
        }
        torn
    }

    /// Takes over what the others pushed, and pushes.
    pub fn integrate(&mut self, clone: usize, hooks: bool) {
        let rebase = self.dice.chance(50);
        let stash = self.dice.chance(30);
        if !stash {
            self.commit(clone, true);
        }
        let how = match (rebase, self.dice.below(4)) {
            (true, 0) => "rebase -q -X theirs",
            (true, 1) => "rebase -q -X ours",
            (true, 2) => "rebase -q --apply",
            (true, _) => "rebase -q",
            (false, 0) => "merge -q -X theirs",
            (false, 1) => "merge -q -X ours",
            (false, _) => "merge -q --no-edit",
        };
        let (put, pop) = match stash {
            true => (
                "git stash -q -u;",
                "git stash pop -q || { both; git reset -q; git stash drop -q; touch .git/stirred; };",
            ),
            false => ("", ""),
        };
        let own = self.own(clone);
        let stashed = std::mem::take(&mut self.stirred[clone]);
        let made = self.run(
            clone,
            hooks,
            &format!(
                "git fetch -q; {put} git {how} @{{u}} >/dev/null 2>&1 || settle >/dev/null 2>&1; {pop} \
                 git push -q origin HEAD:main; git fetch -q"
            ),
        );
        self.note(clone, made, hooks, &own);
        self.stirred[clone] = stashed;
        self.stir(clone);
    }

    /// The last commits of this clone alone, rewritten.
    pub fn rewrite(&mut self, clone: usize, hooks: bool) {
        self.commit(clone, hooks);
        let own = self.own(clone);
        let merges = self.clones[clone].git(["rev-list", "--merges", "@{u}..HEAD"]);
        if own.is_empty() || !merges.is_empty() {
            return;
        }
        let count = own.len().min(1 + self.dice.below(3));
        // git runs hooks for all of these but the last three.
        let way = self.dice.below(14);
        let script = match way {
            0 => format!("git reset -q --soft HEAD~{count}; save squashed"),
            1 => format!("git reset -q HEAD~{count}; save together"),
            2 => format!("git rebase -q --force-rebase HEAD~{count}"),
            3 => "git commit -q --amend --allow-empty -m 'another message'".into(),
            4 => format!(
                "git checkout -q --detach; git reset -q --hard HEAD~{count}; git cherry-pick \
                 --allow-empty -x HEAD..main >/dev/null; git checkout -q -B main"
            ),
            5 => format!(
                "git checkout -q --detach; git reset -q --hard HEAD~{count}; git format-patch -q \
                 --stdout HEAD..main | git am -q --empty=keep; git checkout -q -B main"
            ),
            6 => {
                self.edit(clone);
                let (first, base) = (count - 1, count + 1);
                format!(
                    "git add -A; git commit -q --allow-empty --fixup HEAD~{first}; {{ \
                     GIT_SEQUENCE_EDITOR=: git rebase -q -i --autosquash --empty=keep \
                     HEAD~{base} || settle; }} >/dev/null 2>&1"
                )
            }
            7 => format!(
                "{{ GIT_EDITOR=true GIT_SEQUENCE_EDITOR=\"sed -i '2,\\$s/^pick/squash/'\" git rebase \
                 -q -i HEAD~{count} || settle; }} >/dev/null 2>&1"
            ),
            8 => format!(
                "GIT_SEQUENCE_EDITOR=\"sed -i '1s/^pick/edit/'\" git rebase -q -i HEAD~{count} \
                 2>/dev/null; git reset -q HEAD^; for f in $(git ls-files -mo --exclude-standard); \
                 do git add -A -- $f; git commit -q -m part; done; {{ git \
                 rebase --continue || settle; }} >/dev/null 2>&1"
            ),
            9 => format!(
                "git rebase -q --exec 'git commit -q --amend --allow-empty -m anew' HEAD~{count}"
            ),
            10 => format!(
                "{{ GIT_SEQUENCE_EDITOR=\"sed -i '1!G;h;\\$!d'\" git rebase -q -i HEAD~{count} || \
                 settle; }} >/dev/null 2>&1"
            ),
            11 => format!(
                "git reset -q --soft $(git commit-tree -p HEAD~{count} -m plumbing 'HEAD^{{tree}}')"
            ),
            12 => format!(
                "FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch --msg-filter 'sed s/^/again,/' \
                 HEAD~{count}..HEAD >/dev/null 2>&1; git update-ref -d refs/original/refs/heads/main"
            ),
            _ => format!(
                "git replay --onto HEAD~{count} HEAD~{count}..main | git update-ref --stdin"
            ),
        };
        let made = self.run(clone, hooks, &script);
        let gone = made.gone.clone();
        self.note(clone, made, hooks && way < 11, &gone);
    }

    /// An edit that goes into the last commit.
    pub fn amend(&mut self, clone: usize, hooks: bool) {
        if self.own(clone).is_empty() {
            return;
        }
        self.edit(clone);
        let made =
            self.run(clone, hooks, "git add -A; git commit -q --amend --allow-empty -m amended");
        let gone = made.gone.clone();
        self.note(clone, made, hooks, &gone);
    }

    /// A branch with some commits, brought home.
    pub fn branch(&mut self, clone: usize, hooks: bool) {
        self.commit(clone, hooks);
        self.run(clone, true, "git checkout -q -b topic");
        for _ in 0..1 + self.dice.below(2) {
            self.edit(clone);
            self.commit(clone, true);
        }
        let range = ["rev-list", "main..topic"];
        let own = self.clones[clone].git(range).lines().map(str::to_owned).collect::<Vec<_>>();
        let along = self.dice.chance(25);
        if along {
            self.edit(clone);
        }
        self.run(
            clone,
            true,
            "git checkout -q -m main 2>/dev/null; \
             if git ls-files -u | grep -q .; then both; touch .git/stirred; fi; git reset -q",
        );
        let torn = self.stir(clone);
        if self.dice.chance(60) {
            self.edit(clone);
        }
        self.commit(clone, true);
        let script = match self.dice.below(5) {
            0 => "git merge -q --squash topic || both; save squashed",
            1 => "git cherry-pick main..topic >/dev/null || settle",
            2 => {
                "git cherry-pick -n main..topic || { both; git cherry-pick --quit; touch .git/torn; }; \
                 save picked"
            }
            3 => "git merge -q --no-ff --no-edit topic || settle",
            _ => "git rebase -q main topic || settle; git checkout -q main; git merge -q topic",
        };
        let made = self.run(clone, hooks, &format!("{{ {script}; }} >/dev/null 2>&1"));
        // What a conflict took along already comes a second time, as nobody wrote it; and git does
        // not say what it picks with `-n`.
        let torn = torn | std::fs::remove_file(self.clones[clone].top.join(".git/torn")).is_ok();
        self.note(clone, made, hooks && !torn, &own);
        self.run(clone, true, "git branch -q -D topic");
    }

    /// A person brings text of other places or times.
    pub fn bring(&mut self, clone: usize, hooks: bool) {
        self.commit(clone, hooks);
        let files = self.files(clone);
        if files.is_empty() {
            return;
        }
        let file = self.dice.one(&files).clone();
        let number = self.commits.len();
        let script = match self.dice.below(5) {
            0 => format!("cp {file} copy{number}.txt; save copied"),
            1 => format!("git mv {file} moved{number}.txt; save moved"),
            2 => {
                format!("sed -n '4,9p' {file} > part{number}.txt; sed -i '4,9d' {file}; save split")
            }
            3 => format!(
                "git rm -q {file}; git commit -q -m gone; git checkout HEAD~1 -- {file}; save back"
            ),
            _ => "git rev-parse -q --verify HEAD^2 >/dev/null || { \
                  git revert --no-edit HEAD || settle; git revert --no-edit HEAD || settle; } \
                  >/dev/null 2>&1"
                .into(),
        };
        let made = self.run(clone, hooks, &script);
        self.note(clone, made, false, &[]);
    }

    /// Notes go to the hub and come from there.
    pub fn exchange(&mut self, clone: usize) {
        self.say(clone, "exchanges notes");
        let done = self.clones[clone].ai_log(["sync"]);
        assert_eq!(done.code, Some(0), "{done}\n{}", self.log);
        // What has come was made elsewhere.
        let list = self.clones[clone].sh("git notes --ref ai-log/provenance list || true").ok();
        let names = list.lines().filter_map(|line| line.split_once(' '));
        self.noted[clone] = names.map(|(_, oid)| oid.to_owned()).collect();
    }

    pub fn repair(&mut self, clone: usize) {
        self.say(clone, "git ai-log repair");
        let _ = self.clones[clone].ai_log(["repair"]).ok();
        self.look(clone);
    }
}
