//! `migrations`: migrations can run while the old version of the code still does.

mod alembic;
mod call;
mod django;
mod fault;
mod javascript;
mod models;
mod python;
mod rails;
mod sql;
mod step;
mod token;

use fault::Fault;
use step::{Found, Step};

use crate::checklist::lang::Lang;
use crate::checklist::{Check, Context, File, Hit, Meta, Project};
use crate::model::Confidence;

/// The item.
pub struct Migrations;

static META: Meta = Meta {
    id: "migrations",
    summary: "migrations can run while the old version of the code still does",
    explain: "While a deploy is under way the old code runs on the new schema. Looked at: \
              columns dropped, renamed or retyped, NOT NULL without a default, indexes and \
              constraints that lock the table, data and schema changed together, models changed \
              without a migration. Read are SQL (Flyway, Prisma, goose and others), Rails, \
              Django, Alembic, Knex and Sequelize; tables that the same migration makes are free.",
};

impl Check for Migrations {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn run(&self, context: &Context<'_>, hits: &mut Vec<Hit>) {
        for file in &context.change.files {
            for (step, fault) in faults(file, context.project) {
                hits.push(of_fault(file, context, &step, fault));
            }
            hits.extend(models::missing(file, context).into_iter().map(|found| Hit {
                item: META.id,
                rule: "no-migration".into(),
                path: file.path.clone(),
                lines: found.lines,
                message: format!("the {} changes and no migration goes with it", found.what),
                hint: format!("make it with `{}` and stage it with the change", found.make),
                confidence: Confidence::High,
            }));
        }
    }
}

fn of_fault(file: &File, context: &Context<'_>, step: &Step, fault: Fault) -> Hit {
    let said = fault.said();
    let contract = matches!(fault, Fault::DropColumn | Fault::DropTable | Fault::RenameColumn);
    let thing = if fault == Fault::DropTable { &step.table } else { &step.column };
    let last = contract.then(|| models::last_use(context, &file.path, thing)).flatten();
    let message = match last {
        Some(code) => {
            format!("`{thing}` goes in the same commit as its last use in {code}: {}", said.message)
        }
        None => said.message.into(),
    };
    Hit {
        item: META.id,
        rule: said.rule.into(),
        path: file.path.clone(),
        lines: step.lines,
        message,
        hint: said.hint.into(),
        confidence: if last.is_some() { Confidence::High } else { said.confidence },
    }
}

fn faults(file: &File, project: &dyn Project) -> Vec<Found> {
    let path = file.path.lossy();
    let read: Option<(Vec<Step>, Option<bool>)> = match file.lang {
        None if path.ends_with(".sql") && !is_way_back(&path) => {
            Some((sql::steps(&file.text, &|range| file.lines_of(range)), None))
        }
        Some(Lang::Ruby)
            if path.contains("db/migrate/") || file.text.contains("ActiveRecord::Migration") =>
        {
            rails::steps(file, is_mysql(project))
        }
        Some(Lang::Python) if file.text.contains("migrations.Migration") => {
            django::steps(file, project)
        }
        Some(Lang::Python) if imports_alembic(&file.text) => alembic::steps(file),
        Some(Lang::JavaScript | Lang::TypeScript) if is_script(&path, &file.text) => {
            javascript::steps(file)
        }
        _ => None,
    };
    read.map(|(steps, transaction)| step::judge(&steps, transaction)).unwrap_or_default()
}

/// A script that undoes another one is not run on a deploy.
fn is_way_back(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let undo = name.starts_with('U') && name.contains("__");
    undo || name.ends_with(".down.sql") || name == "down.sql" || name.contains("rollback")
}

/// Whether Rails talks to MySQL here.
fn is_mysql(project: &dyn Project) -> bool {
    let text = project.text(&"config/database.yml".into());
    text.is_some_and(|text| text.contains("mysql2") || text.contains("trilogy"))
}

fn imports_alembic(text: &str) -> bool {
    text.contains("def upgrade") && (text.contains("import op") || text.contains("alembic.op"))
}

/// Whether a script is a migration of Knex, Sequelize or TypeORM.
fn is_script(path: &str, text: &str) -> bool {
    let placed = path.contains("migrations/") || path.contains("migration/");
    let has = |word: &str| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some();
    (placed && (has("knex") || has("queryInterface")))
        || has("implements MigrationInterface")
        || (has("exports.up") && (has("knex.schema") || has("queryInterface")))
}

#[cfg(test)]
mod tests;
