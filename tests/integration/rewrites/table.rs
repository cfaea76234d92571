//! The operations, one row each: what is said of them in `docs/rewrites.md`, what is done, and who
//! wrote which line afterwards.

/// When a commit that an operation made has its note.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as the command returns.
    Now,
    /// After `git ai-log repair`: git runs no hook, or there is none.
    Repaired,
    /// The operation makes no line new: the notes that are there answer.
    Kept,
}

impl std::fmt::Display for When {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Now => "at once",
            Self::Repaired => "after `repair`",
            Self::Kept => "nothing to do",
        })
    }
}

/// How an operation is done.
#[derive(Clone, Copy)]
pub enum Deed {
    /// By a person at a shell, on `main`.
    Shell(&'static str),
    /// By a library that knows no hooks: it commits the tree of `topic` on top of `main`.
    Libgit2,
}

/// An operation.
pub struct Row {
    pub name: &'static str,
    /// What git does, in words.
    pub does: &'static str,
    pub deed: Deed,
    /// The files of HEAD: `FILE: LINES`, `FILE: LINES`. The first word of a line names it: `p` and
    /// a number is a person's; `a`, `b` and `c` are those of the agents in turns 1, 2 and 3.
    /// `a1-a7` is seven lines. `H:a2` is an agent's word that a person has typed.
    pub lines: &'static [&'static str],
    /// With our hooks.
    pub hooked: When,
    /// Without.
    pub bare: When,
}

const fn row(
    name: &'static str,
    does: &'static str,
    script: &'static str,
    lines: &'static [&'static str],
    (hooked, bare): (When, When),
) -> Row {
    Row { name, does, deed: Deed::Shell(script), lines, hooked, bare }
}

const HOOK: (When, When) = (When::Now, When::Repaired);
const NO_HOOK: (When, When) = (When::Repaired, When::Repaired);
const KEPT: (When, When) = (When::Kept, When::Kept);

/// `pay.txt` as the first commit of `topic` leaves it, and `more.txt` of the second.
const TOPIC: &[&str] = &["pay.txt: p1-p3 p7 a1-a7 p4-p6", "more.txt: p10 b1-b4"];
const ONLY_MORE: &[&str] = &["pay.txt: p1-p3 p20 p21 p4-p6", "more.txt: p10 b1-b4"];
const BOTH_KEPT: &[&str] = &["pay.txt: p1-p3 p20 p21 p7 a1-a7 p4-p6", "more.txt: p10 b1-b4"];
const ON_OTHER: &[&str] = &["pay.txt: p30 p31 p1-p3 p7 a1-a7 p4-p6 p32", "more.txt: p10 b1-b4"];
const WITH_C: &[&str] = &["pay.txt: p1-p3 p7 a1-a7 p4-p6", "more.txt: p10 b1-b4 c1-c3"];

/// Every operation that is tested, in the order of the document.
pub const OPERATIONS: &[Row] = &[
    row(
        "amend, message only",
        "a new commit of the same tree",
        "git checkout -q topic && git commit -q --amend -m 'another message'",
        TOPIC,
        HOOK,
    ),
    row(
        "amend, lines added above",
        "a new commit; the lines of the old one have moved",
        "git checkout -q topic && sed -i '1i p40 fresh bread stands beside the door' more.txt \
         && git commit -q -a --amend --no-edit",
        &["pay.txt: p1-p3 p7 a1-a7 p4-p6", "more.txt: p40 p10 b1-b4"],
        HOOK,
    ),
    row(
        "amend by a second session",
        "a new commit with lines of both",
        "git checkout -q topic && agent more.txt '$r ../third.txt' && git commit -q -a --amend --no-edit",
        WITH_C,
        HOOK,
    ),
    row(
        "rebase (merge backend)",
        "a new commit for each old one",
        "git checkout -q topic && git rebase -q --merge main",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase --apply",
        "a new commit for each old one, made of patches",
        "git checkout -q topic && git rebase -q --apply main",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase onto changed files",
        "the same, and the lines stand elsewhere",
        "git checkout -q topic && git rebase -q other",
        ON_OTHER,
        HOOK,
    ),
    row(
        "rebase, conflict, the commit's own side taken",
        "the commit as it was resolved",
        "git checkout -q topic && ! git rebase -q rival 2>&1 \
         && git checkout -q --theirs pay.txt && git add pay.txt && git rebase --continue",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase, conflict, the other side taken",
        "the commit is empty and goes",
        "git checkout -q topic && ! git rebase -q rival 2>&1 \
         && git checkout -q --ours pay.txt && git add pay.txt && git rebase --continue",
        ONLY_MORE,
        HOOK,
    ),
    row(
        "rebase, conflict, both sides kept",
        "the commit as it was resolved",
        "git checkout -q topic && ! git rebase -q rival 2>&1 \
         && both pay.txt && git add pay.txt && git rebase --continue",
        BOTH_KEPT,
        HOOK,
    ),
    row(
        "rebase, conflict, committed by hand",
        "the same by `git commit`",
        "git checkout -q topic && ! git rebase -q rival 2>&1 \
         && both pay.txt && git commit -q -a -m resolved && git rebase --continue",
        BOTH_KEPT,
        HOOK,
    ),
    row(
        "rebase --skip",
        "the commit goes; git reports it as rewritten to the one before",
        "git checkout -q topic && ! git rebase -q rival 2>&1 && git rebase --skip",
        ONLY_MORE,
        HOOK,
    ),
    row(
        "rebase --skip of the last commit",
        "nothing is left of it but git's wrong report",
        "git checkout -q topic~1 && ! git rebase -q rival 2>&1 && git rebase --skip",
        &["pay.txt: p1-p3 p20 p21 p4-p6"],
        KEPT,
    ),
    row(
        "rebase -i, squash",
        "one commit of two",
        "git checkout -q topic && todo '2s/pick/squash/' main",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase -i, fixup",
        "one commit of two",
        "git checkout -q topic && todo '2s/pick/fixup/' main",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase -i, reword",
        "a copy with another message",
        "git checkout -q topic && GIT_EDITOR=\"sed -i s/by/of/\" todo '1s/pick/reword/' main",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase -i, edit",
        "a copy that is amended",
        "git checkout -q topic && todo '1s/pick/edit/' main \
         && echo 'p40 fresh bread stands beside the door' >> pay.txt \
         && git commit -q -a --amend --no-edit && git rebase --continue",
        &["pay.txt: p1-p3 p7 a1-a7 p4-p6 p40", "more.txt: p10 b1-b4"],
        HOOK,
    ),
    row(
        "rebase -i, split",
        "two commits of one",
        "git checkout -q topic && todo '1s/pick/edit/' main && cp pay.txt ../whole.txt \
         && git reset -q HEAD^ && sed -i '/^a[5-7]/d' pay.txt && git commit -q -a -m half \
         && cp ../whole.txt pay.txt && git commit -q -a -m whole && git rebase --continue",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase -i, reordered",
        "the commits in another order",
        "git checkout -q topic && todo '1{h;d};2G' main",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase --exec with an amend",
        "every copy is amended at once",
        "git checkout -q topic && git rebase -q \
         --exec 'git commit -q --amend --no-edit --date=2100-01-01T00:00:00Z' main",
        TOPIC,
        HOOK,
    ),
    row(
        "rebase --autosquash",
        "a `fixup!` goes into the commit that it mends",
        "git checkout -q topic && agent pay.txt '$r ../third.txt' \
         && git commit -q -a --fixup topic~1 && todo '' --autosquash main",
        &["pay.txt: p1-p3 p7 a1-a7 p4-p6 c1-c3", "more.txt: p10 b1-b4"],
        HOOK,
    ),
    row(
        "rebase --rebase-merges",
        "merges are made again",
        "git checkout -q -b joined main~1 && git merge -q --no-ff -m joined topic \
         && git rebase -q --rebase-merges main",
        TOPIC,
        HOOK,
    ),
    row("cherry-pick", "a copy of each commit", "git cherry-pick main..topic", TOPIC, HOOK),
    row(
        "cherry-pick -n",
        "the changes, for a commit of your own",
        "git cherry-pick -n main..topic && git commit -q -m picked",
        TOPIC,
        HOOK,
    ),
    row(
        "cherry-pick -x",
        "a copy that names the old commit",
        "git cherry-pick -x main..topic",
        TOPIC,
        HOOK,
    ),
    row(
        "cherry-pick, conflict, both sides kept",
        "the copy as it was resolved",
        "git checkout -q rival && ! git cherry-pick topic~1 2>&1 && both pay.txt \
         && git add pay.txt && git cherry-pick --continue && git cherry-pick topic",
        BOTH_KEPT,
        HOOK,
    ),
    row(
        "revert, and its revert",
        "the lines go, and come back",
        "git checkout -q topic && git revert --no-edit topic~1 && git revert --no-edit HEAD",
        TOPIC,
        HOOK,
    ),
    row(
        "merge --squash",
        "one new commit with the work of the branch",
        "git merge -q --squash topic && git commit -q -m squashed",
        TOPIC,
        HOOK,
    ),
    row(
        "merge",
        "the commits as they are, and one that joins them",
        "git merge -q --no-edit topic",
        TOPIC,
        KEPT,
    ),
    row(
        "merge, conflict resolved by a person",
        "a merge with lines of its own",
        "git checkout -q rival && ! git merge -q topic 2>&1 \
         && sed -i 's/^=======/p40 fresh bread stands beside the door/' pay.txt && both pay.txt \
         && git commit -q -a -m merged",
        &["pay.txt: p1-p3 p20 p21 p40 p7 a1-a7 p4-p6", "more.txt: p10 b1-b4"],
        KEPT,
    ),
    row(
        "merge, conflict resolved by an agent",
        "a merge with lines of its own",
        "git checkout -q rival && ! git merge -q topic 2>&1 \
         && agent pay.txt -e '/^===/r ../third.txt' -e '/^[<=>]/d' && git commit -q -a -m merged",
        &["pay.txt: p1-p3 p20 p21 c1-c3 p7 a1-a7 p4-p6", "more.txt: p10 b1-b4"],
        HOOK,
    ),
    row(
        "stash, and pop on a base that has moved",
        "nothing is committed until you do it",
        "git checkout -q -b work main~1 && agent pay.txt '/^p4/r ../third.txt' && git stash -q \
         && git merge -q --ff-only other && git stash pop -q && git commit -q -a -m popped",
        &["pay.txt: p30 p31 p1-p4 c1-c3 p5 p6 p32"],
        HOOK,
    ),
    row(
        "reset --soft, and one commit",
        "the branch goes back, the index stays",
        "git checkout -q topic && git reset -q --soft main~1 && git commit -q -m together",
        TOPIC,
        HOOK,
    ),
    row(
        "reset, and other commits",
        "the branch goes back, the files stay",
        "git checkout -q topic && git reset -q main~1 && git add more.txt \
         && git commit -q -m 'more first' && git commit -q -a -m 'then pay'",
        TOPIC,
        HOOK,
    ),
    row(
        "checkout -m",
        "what is not committed goes along to another branch",
        "git checkout -q main~1 && agent pay.txt '/^p4/r ../third.txt' \
         && git checkout -q -m other && git commit -q -a -m 'brought along'",
        &["pay.txt: p30 p31 p1-p4 c1-c3 p5 p6 p32"],
        HOOK,
    ),
    row(
        "am",
        "a commit made of a patch",
        "git format-patch -q --stdout main..topic | git am -q",
        TOPIC,
        HOOK,
    ),
    row(
        "filter-branch",
        "every commit of the branch again",
        "git checkout -q topic && FILTER_BRANCH_SQUELCH_WARNING=1 \
         git filter-branch -f --msg-filter 'sed s/by/of/' HEAD",
        TOPIC,
        NO_HOOK,
    ),
    row(
        "filter-branch, into a folder",
        "every commit again, its files elsewhere",
        "git checkout -q topic && FILTER_BRANCH_SQUELCH_WARNING=1 git filter-branch -f \
         --tree-filter 'mkdir sub && for f in *.txt; do mv $f sub; done' HEAD",
        &["sub/pay.txt: p1-p3 p7 a1-a7 p4-p6", "sub/more.txt: p10 b1-b4"],
        NO_HOOK,
    ),
    row(
        "filter-repo, of the branches",
        "every commit again, its files elsewhere; the old ones are gone",
        "git checkout -q topic && git filter-repo --force --quiet --refs main topic \
         --to-subdirectory-filter sub",
        &["sub/pay.txt: p1-p3 p7 a1-a7 p4-p6", "sub/more.txt: p10 b1-b4"],
        NO_HOOK,
    ),
    row(
        "filter-repo, of everything",
        "every commit again; of the notes' refs, too",
        "git checkout -q topic && git filter-repo --force --quiet \
         --message-callback 'return message.upper()'",
        TOPIC,
        NO_HOOK,
    ),
    row(
        "filter-repo, of everything, into a folder",
        "every commit again; the notes' own files move, too",
        "git checkout -q topic && git filter-repo --force --quiet --to-subdirectory-filter sub",
        &["sub/pay.txt: p1-p3 p7 a1-a7 p4-p6", "sub/more.txt: p10 b1-b4"],
        NO_HOOK,
    ),
    row(
        "replay",
        "new commits without a work tree",
        "git checkout -q topic && git replay --onto main main..topic | git update-ref --stdin \
         && git reset -q --hard",
        TOPIC,
        NO_HOOK,
    ),
    row(
        "history reword",
        "every commit from there on again",
        "git checkout -q topic && GIT_EDITOR='sed -i s/by/of/' git history reword topic~1",
        TOPIC,
        NO_HOOK,
    ),
    row(
        "history fixup",
        "what is staged goes into an old commit; every commit from there on again",
        "git checkout -q topic && sed -i '1i p40 fresh bread stands beside the door' pay.txt \
         && git add pay.txt && git history fixup topic~1",
        &["pay.txt: p40 p1-p3 p7 a1-a7 p4-p6", "more.txt: p10 b1-b4"],
        NO_HOOK,
    ),
    row(
        "history split",
        "one commit becomes two",
        "git checkout -q topic && git reset -q --soft topic~2 && git commit -q -m both \
         && printf 'y\\nn\\n' | git history split HEAD",
        TOPIC,
        NO_HOOK,
    ),
    row(
        "history drop",
        "every commit on top of one that is taken out again",
        "git checkout -q topic && git history drop topic~1",
        &["pay.txt: p1-p6", "more.txt: p10 b1-b4"],
        NO_HOOK,
    ),
    row(
        "commit-tree",
        "a commit made of a tree by plumbing",
        "git merge -q --squash topic && git reset -q --hard \
         $(git commit-tree -p HEAD -m plumbing $(git write-tree))",
        TOPIC,
        NO_HOOK,
    ),
    Row {
        name: "libgit2",
        does: "a commit by a program that runs no hook",
        deed: Deed::Libgit2,
        lines: TOPIC,
        hooked: When::Repaired,
        bare: When::Repaired,
    },
    row(
        "a file renamed",
        "git's blame follows it",
        "git checkout -q topic && git mv pay.txt bill.txt && git commit -q -m renamed",
        &["bill.txt: p1-p3 p7 a1-a7 p4-p6"],
        KEPT,
    ),
    row(
        "a file moved to another folder",
        "git's blame follows it",
        "git checkout -q topic && mkdir sub && git mv pay.txt sub && git commit -q -m moved",
        &["sub/pay.txt: p1-p3 p7 a1-a7 p4-p6"],
        KEPT,
    ),
    row(
        "a file copied",
        "the copy is new to git's blame",
        "git checkout -q topic && cp pay.txt copy.txt && git add . && git commit -q -m copied",
        &["copy.txt: p1-p3 p7 a1-a7 p4-p6"],
        HOOK,
    ),
    row(
        "a file split into two",
        "the second is new to git's blame",
        "git checkout -q topic && sed -n '/^a4/,$p' pay.txt > rest.txt \
         && sed -i '/^a4/,$d' pay.txt && git add . && git commit -q -m split",
        &["pay.txt: p1-p3 p7 a1-a3", "rest.txt: a4-a7 p4-p6"],
        HOOK,
    ),
    row(
        "a file deleted, and restored",
        "its lines are new to git's blame",
        "git checkout -q topic && git rm -q pay.txt && git commit -q -m deleted \
         && git checkout -q topic~1 -- pay.txt && git commit -q -m restored",
        TOPIC,
        HOOK,
    ),
    row(
        "lines indented by a person",
        "they are new to git's blame",
        "git checkout -q topic && sed -i 's/^[ap][3-7]/    &/' pay.txt \
         && git commit -q -a -m indented",
        TOPIC,
        HOOK,
    ),
    row(
        "one or two lines typed again by a person",
        "a commit of a person's",
        "git show topic:pay.txt | grep '^a[23]' > typed.txt && git add . && git commit -q -m typed",
        &["typed.txt: H:a2 H:a3"],
        KEPT,
    ),
];
