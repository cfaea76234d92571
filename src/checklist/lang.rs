//! The languages that structural rules know.

use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::StrDoc;
pub use ast_grep_language::SupportLang as Lang;

/// A parsed file.
pub type Tree = AstGrep<StrDoc<Lang>>;

/// A node of a parsed file.
pub type Node<'t> = ast_grep_core::Node<'t, StrDoc<Lang>>;

/// The languages whose grammar is built in, each with the name of its rule files and the endings
/// of its source files. Any other language would make the grammar library panic.
pub static LANGS: &[(Lang, &str, &[&str])] = &[
    (Lang::Python, "python", &["py", "pyi", "pyw"]),
    (Lang::JavaScript, "javascript", &["js", "jsx", "mjs", "cjs"]),
    (Lang::TypeScript, "typescript", &["ts", "mts", "cts"]),
    (Lang::Tsx, "tsx", &["tsx"]),
    (Lang::Go, "go", &["go"]),
    (Lang::Java, "java", &["java"]),
    (Lang::Ruby, "ruby", &["rb", "rake", "gemspec", "ru"]),
    (Lang::Php, "php", &["php", "phtml"]),
    (Lang::Rust, "rust", &["rs"]),
    (Lang::CSharp, "csharp", &["cs", "csx"]),
    (Lang::Yaml, "yaml", &["yml", "yaml"]),
];

/// The language of a file, by its name or by the interpreter its first line names.
pub fn of(path: &str, text: &str) -> Option<Lang> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let by = |wanted: &str| {
        LANGS.iter().find(|(_, _, ends)| ends.contains(&wanted)).map(|(lang, _, _)| *lang)
    };
    if let Some((_, end)) = name.rsplit_once('.') {
        return by(&end.to_ascii_lowercase());
    }
    match name {
        "Rakefile" | "Gemfile" | "Vagrantfile" => return Some(Lang::Ruby),
        _ => {}
    }
    let first = text.lines().next().filter(|line| line.starts_with("#!"))?;
    [("python", "py"), ("node", "js"), ("ruby", "rb"), ("php", "php")]
        .into_iter()
        .find(|(program, _)| first.contains(program))
        .and_then(|(_, end)| by(end))
}

/// The name of a language's rule files.
pub fn name(lang: Lang) -> &'static str {
    LANGS.iter().find(|(known, _, _)| *known == lang).map_or("", |(_, name, _)| name)
}

/// The languages whose rules apply to a file of this one: what holds for JavaScript holds for
/// TypeScript, too.
pub fn rules_for(lang: Lang) -> &'static [Lang] {
    match lang {
        Lang::Python => &[Lang::Python],
        Lang::JavaScript => &[Lang::JavaScript],
        Lang::TypeScript => &[Lang::TypeScript, Lang::JavaScript],
        Lang::Tsx => &[Lang::Tsx, Lang::TypeScript, Lang::JavaScript],
        Lang::Go => &[Lang::Go],
        Lang::Java => &[Lang::Java],
        Lang::Ruby => &[Lang::Ruby],
        Lang::Php => &[Lang::Php],
        Lang::Rust => &[Lang::Rust],
        Lang::CSharp => &[Lang::CSharp],
        Lang::Yaml => &[Lang::Yaml],
        _ => &[],
    }
}

/// Parses a file.
pub fn parse(lang: Lang, text: &str) -> Option<Tree> {
    if name(lang).is_empty() {
        return None;
    }
    StrDoc::try_new(text, lang).ok().map(AstGrep::doc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_that_is_named_can_be_parsed() {
        for (lang, name, ends) in LANGS {
            assert!(parse(*lang, "x\n").is_some(), "{name}");
            assert!(!rules_for(*lang).is_empty(), "{name}");
            assert_eq!(of(&format!("a/b.{}", ends[0]), ""), Some(*lang));
        }
        assert_eq!(of("bin/run", "#!/usr/bin/env python3\n"), Some(Lang::Python));
        assert_eq!(of("a.css", ""), None);
        assert!(parse(Lang::Css, "a {}").is_none());
    }
}
