//! Migrations in every language, each with its clean twin.

use super::*;
use crate::checklist::testing::Files;
use crate::checklist::{Change, Run};
use crate::config::policy::Effective;
use crate::model::{Contributor, LineRange};

fn run(files: Vec<File>, project: &Files) -> Vec<(String, u32)> {
    let touched = files.iter().map(|file| file.path.clone()).collect();
    let change = Change { files, touched, ..Change::default() };
    let policy = Effective::default();
    let mut hits = Vec::new();
    Migrations.run(&Context { change: &change, project, policy: &policy }, &mut hits);
    hits.into_iter().map(|hit| (hit.rule, hit.lines.start)).collect()
}

fn found(path: &str, text: &str) -> Vec<String> {
    let found = run(vec![File::whole(path.into(), text.as_bytes())], &Files::default());
    found.into_iter().map(|(rule, line)| format!("{line} {rule}")).collect()
}

fn sql(text: &str) -> Vec<String> {
    found("db/V2__change.sql", text)
}

#[test]
fn sql_that_locks_or_breaks_is_found_and_its_twin_is_not() {
    let pairs = [
        ("create index a on b (c);", "create index concurrently a on b (c);", "locking-index"),
        (
            "alter table a add b int not null;",
            "alter table a add b int not null default 1;",
            "required-column",
        ),
        (
            "alter table a add b uuid default gen_random_uuid();",
            "alter table a add b timestamptz default now();",
            "volatile-default",
        ),
        (
            "alter table a add column b bigserial;",
            "alter table a add column b bigint;",
            "serial-column",
        ),
        ("alter table a add column b json;", "alter table a add column b jsonb;", "json-column"),
        (
            "alter table a add constraint c check (b > 0);",
            "alter table a add constraint c check (b > 0) not valid;",
            "check-constraint",
        ),
        (
            "alter table a add constraint c foreign key (b) references d (e);",
            "alter table a add constraint c foreign key (b) references d (e) not valid;",
            "foreign-key",
        ),
        (
            "alter table a add constraint c unique (b);",
            "alter table a add constraint c unique using index d;",
            "unique-constraint",
        ),
        (
            "alter table a add primary key (b);",
            "alter table a add constraint c primary key using index d;",
            "primary-key",
        ),
        (
            "alter table a alter column b set not null;",
            "alter table a alter column b set default 1;",
            "set-not-null",
        ),
        (
            "alter table a alter column b type text;",
            "alter table a alter b set statistics 10;",
            "change-type",
        ),
        ("alter table a drop column b;", "alter table a drop constraint b;", "drop-column"),
        (
            "alter table a rename column b to c;",
            "alter table a rename constraint b to c;",
            "rename-column",
        ),
        ("alter table a rename to b;", "alter index a rename to b;", "rename-table"),
        ("drop table a;", "drop view a;", "drop-table"),
        ("drop index a;", "drop index concurrently a;", "locking-drop-index"),
        ("reindex table a;", "reindex table concurrently a;", "locking-rebuild"),
        ("vacuum full a;", "vacuum a;", "locking-rebuild"),
        ("truncate a cascade;", "truncate a;", "truncate-cascade"),
        ("alter type a rename value 'b' to 'c';", "alter type a add value 'b';", "rename-value"),
        (
            "begin;\ncreate index concurrently a on b (c);",
            "begin; commit; create index concurrently a on b (c);",
            "concurrently-in-transaction",
        ),
        (
            "begin; alter table a add constraint c check (b > 0) not valid; alter table a validate constraint c;",
            "begin; alter table a add constraint c check (b > 0) not valid; commit; alter table a validate constraint c;",
            "validate-under-lock",
        ),
        (
            "alter table a add b int;\nupdate a set b = 1;",
            "begin; alter table a add b int; commit; update a set b = 1;",
            "data-with-schema",
        ),
        (
            "create domain a as text check (value <> '');",
            "create domain a as text;",
            "domain-check",
        ),
        ("create table a (b json);", "create table a (b jsonb);", "json-column"),
        (
            "begin; alter table a add b int; update a set b = 1;",
            "begin; update a set b = 1; commit;",
            "data-with-schema",
        ),
        (
            "alter table a add b int generated always as (c) stored;",
            "alter table a add b int;",
            "stored-column",
        ),
    ];
    for (bad, good, rule) in pairs {
        assert!(sql(bad).iter().any(|found| found.ends_with(rule)), "{bad}: {:?}", sql(bad));
        assert_eq!(sql(good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn tables_of_the_same_script_the_way_back_and_mysql_are_known() {
    assert!(sql("create table a (b int);\ncreate index c on a (b);\nalter table public.\"A\" drop column b;").is_empty());
    assert!(sql("-- +goose Up\nselect 1;\n-- +goose Down\ndrop table a;").is_empty());
    assert!(found("m/1.down.sql", "drop table a;").is_empty());
    assert!(sql("create index a on `b` (c);").is_empty());
    assert_eq!(sql("alter table a\n  add b int,\n  drop column c;"), ["3 drop-column"]);
    assert!(sql("select '; drop table a;' -- drop table b;").is_empty());
}

#[test]
fn rails_is_read_with_its_blocks_and_options() {
    let rails = |body: &str| {
        found(
            "db/migrate/1_a.rb",
            &format!("class A < ActiveRecord::Migration[7.1]\n{body}\nend\n"),
        )
    };
    let change = |body: &str| rails(&format!("def change\n{body}\nend"));
    assert_eq!(change("add_index :a, :b"), ["3 locking-index"]);
    assert!(
        rails(
            "disable_ddl_transaction!\ndef change\nadd_index :a, :b, algorithm: :concurrently\nend"
        )
        .is_empty()
    );
    assert_eq!(
        change("add_index :a, :b, algorithm: :concurrently"),
        ["3 concurrently-in-transaction"]
    );
    assert_eq!(
        change("change_table :a do |t|\nt.string :b, null: false\nend"),
        ["4 required-column"]
    );
    assert!(
        change("create_table :a do |t|\nt.string :b, null: false\nend\nadd_index :a, :b")
            .is_empty()
    );
    assert!(change("safety_assured { remove_column :a, :b }").is_empty());
    assert!(
        rails("def up\nadd_column :a, :b, :text\nend\ndef down\nremove_column :a, :b\nend")
            .is_empty()
    );
    assert_eq!(change("execute <<~SQL\n  drop table a;\nSQL"), ["4 drop-table"]);
    assert_eq!(change("execute(\"alter table a drop column b\")"), ["3 drop-column"]);
    assert!(change("execute 'create index concurrently_ on a using btree'").len() == 1);
    assert_eq!(change("create_table :a, force: true do |t|\nend"), ["3 replace-table"]);
    assert!(change("change_column :a, :b, :text").is_empty());
    assert_eq!(change("change_column :a, :b, :bigint"), ["3 change-type"]);
    assert!(
        change("add_reference :a, :b, index: false, foreign_key: { validate: false }").is_empty()
    );
}

#[test]
fn django_is_read_against_the_field_as_it_was() {
    let text = |operation: &str| {
        format!(
            "from django.db import migrations, models\nclass Migration(migrations.Migration):\n    operations = [\n{operation}\n    ]\n"
        )
    };
    let one = |operation: &str| found("app/migrations/0002_b.py", &text(operation));
    assert_eq!(one("migrations.RemoveField('a', 'b')"), ["4 drop-column"]);
    assert_eq!(
        one("migrations.AddField(model_name='a', name='b', field=models.IntegerField(default=1))"),
        ["4 required-column"]
    );
    assert!(
        one(
            "migrations.AddField(model_name='a', name='b', field=models.IntegerField(db_default=1))"
        )
        .is_empty()
    );
    assert!(
        one("migrations.AddField(model_name='a', name='b', field=models.IntegerField(null=True))")
            .is_empty()
    );
    assert_eq!(
        one("migrations.AddIndex('a', models.Index(fields=['b'], name='c'))"),
        ["4 locking-index"]
    );
    assert_eq!(
        one("AddIndexConcurrently('a', models.Index(fields=['b'], name='c'))"),
        ["4 concurrently-in-transaction"]
    );
    assert_eq!(one("migrations.RunSQL('alter table a drop column b')"), ["4 drop-column"]);
    assert!(one("migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField('a', 'b')])").is_empty());
    let first =
        text("migrations.CreateModel(name='A', fields=[('b', models.CharField(max_length=10))])");
    let project = Files::of(&[("app/migrations/0001_a.py", &first)]);
    let alter = |field: &str| {
        let text = text(&format!("migrations.AlterField(model_name='a', name='b', field={field})"));
        run(vec![File::whole("app/migrations/0002_b.py".into(), text.as_bytes())], &project)
    };
    assert!(alter("models.CharField(max_length=20, help_text='c')").is_empty());
    assert_eq!(alter("models.CharField(max_length=5)"), [("change-type".to_owned(), 4)]);
    assert!(alter("models.TextField()").is_empty(), "it holds more");
    assert_eq!(alter("models.IntegerField()"), [("change-type".to_owned(), 4)]);
}

#[test]
fn alembic_and_knex_are_read_on_their_way_forward() {
    let alembic = |body: &str| {
        found(
            "alembic/versions/a.py",
            &format!(
                "from alembic import op\nimport sqlalchemy as sa\ndef upgrade():\n    {body}\ndef downgrade():\n    op.drop_table('a')\n"
            ),
        )
    };
    assert_eq!(
        alembic("op.add_column('a', sa.Column('b', sa.Integer(), nullable=False))"),
        ["4 required-column"]
    );
    assert!(
        alembic(
            "op.add_column('a', sa.Column('b', sa.Integer(), nullable=False, server_default='0'))"
        )
        .is_empty()
    );
    let text = |to: &str| {
        alembic(&format!("op.alter_column('a', 'b', existing_type=sa.String(20), type_=sa.{to})"))
    };
    assert!(text("Text()").is_empty() && text("String(30)").is_empty());
    assert_eq!(text("String(10)"), ["4 change-type"]);
    assert_eq!(alembic("op.create_index('i', 'a', ['b'])"), ["4 locking-index"]);
    assert_eq!(alembic("op.execute(sa.text(\"drop table b\"))"), ["4 drop-table"]);
    assert_eq!(
        alembic("with op.batch_alter_table('a') as batch:\n        batch.drop_column('b')"),
        ["5 drop-column"]
    );
    let knex = |body: &str| {
        found(
            "migrations/a.js",
            &format!(
                "exports.up = (knex) => knex.schema\n{body}\nexports.down = (knex) => knex.schema.dropTable('a');\n"
            ),
        )
    };
    assert_eq!(
        knex(".alterTable('a', (t) => { t.string('b').notNullable(); });"),
        ["2 required-column"]
    );
    assert!(
        knex(".alterTable('a', (t) => { t.string('b').notNullable().defaultTo(''); });").is_empty()
    );
    assert!(knex(".createTable('a', (t) => { t.string('b').notNullable().index(); });").is_empty());
    assert_eq!(knex(".raw('alter table a drop column b');"), ["2 drop-column"]);
    let typeorm = "class A implements MigrationInterface {\n  async up(queryRunner) { await queryRunner.query(`drop table a`); }\n  async down(queryRunner) { await queryRunner.query(`drop table b`); }\n}\n";
    assert_eq!(found("src/a.ts", typeorm), ["2 drop-table"]);
}

fn changed(path: &str, old: &str, new: &str) -> File {
    let all = Run {
        lines: LineRange { start: 1, end: 100 },
        contributor: Contributor::Ai,
        agent: None,
        session: None,
        turn: None,
        digest: String::new(),
    };
    File::new(path.into(), new.as_bytes(), Some(old.as_bytes()), vec![all])
}

#[test]
fn a_model_that_changes_needs_its_migration() {
    let old = "class A(models.Model):\n    b = models.TextField()\n";
    let new = "class A(models.Model):\n    b = models.TextField( )\n    c = models.TextField(null=True)\n";
    let project = Files::of(&[("app/migrations/0001_a.py", "")]);
    let model = || changed("app/models.py", old, new);
    assert_eq!(run(vec![model()], &project), [("no-migration".to_owned(), 3)]);
    let migration = changed("app/migrations/0002_b.py", "", "x = 1\n");
    assert!(run(vec![model(), migration], &project).is_empty());
    assert!(run(vec![model()], &Files::default()).is_empty(), "an application without migrations");
    let prisma = changed("prisma/schema.prisma", "model A {\n}\n", "model A {\n  id Int @id\n}\n");
    let project = Files::of(&[("prisma/migrations/1/migration.sql", "")]);
    assert_eq!(run(vec![prisma], &project), [("no-migration".to_owned(), 2)]);
}

#[test]
fn a_column_dropped_with_its_last_use_is_named() {
    let migration = changed("db/migrate/2_a.rb", "", "remove_column :users, :nickname\n");
    let code = changed("app/user.rb", "puts nickname\n", "puts name\n");
    let change = Change { files: vec![migration, code], ..Change::default() };
    let (policy, project) = (Effective::default(), Files::default());
    let mut hits = Vec::new();
    Migrations.run(&Context { change: &change, project: &project, policy: &policy }, &mut hits);
    assert!(
        hits[0]
            .message
            .contains("`nickname` goes in the same commit as its last use in app/user.rb"),
        "{hits:?}"
    );
}

#[test]
fn hostile_text_ends() {
    for unit in [
        "alter table a add (",
        "$",
        "[a",
        "go ",
        "'",
        "(",
        "begin;",
        "create index a on b(c),",
        "/*",
    ] {
        let text = unit.repeat(200_000 / unit.len());
        sql(&text);
    }
    let deep = format!("class A < ActiveRecord::Migration[7.1]\n{}\n", "a(".repeat(20_000));
    found("db/migrate/1_a.rb", &deep);
}
