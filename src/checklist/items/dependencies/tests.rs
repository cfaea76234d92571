//! The item as a whole, on small projects.

use super::*;
use crate::checklist::Change;
use crate::checklist::testing::Files;
use crate::config::policy::Effective;

/// The rules that find something in the first of these files, each with its line.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let file = File::whole(files[0].0.into(), files[0].1.as_bytes());
    let change = Change { files: vec![file], ..Change::default() };
    let (project, policy) = (Files::of(files), Effective::default());
    let mut hits = Vec::new();
    let context = Context { change: &change, project: &project, policy: &policy };
    Dependencies.run(&context, &mut hits);
    hits.iter().map(|hit| format!("{} {}", hit.rule, hit.lines.start)).collect()
}

#[test]
fn imports_that_nothing_declares_are_found() {
    for (code, manifest) in [
        (
            ("a/b.py", "import os\nimport yaml\nimport paylib\n"),
            ("pyproject.toml", "[project]\nname = \"own\"\ndependencies = [\"PyYAML>=6\"]\n"),
        ),
        (
            ("a/b.py", "import os\nfrom . import c\nimport paylib\n"),
            ("requirements.txt", "flask==3.0\n"),
        ),
        (
            (
                "a/b.ts",
                "import fs from 'node:fs';\nimport x from './x';\nimport pay from '@pay/lib/x';\n",
            ),
            ("package.json", "{\"dependencies\": {}}"),
        ),
        (
            ("a/b.go", "package a\n\nimport \"pay.com/lib\"\n"),
            ("go.mod", "module own.com/a\n\nrequire other.com/b v1.0.0\n"),
        ),
        (
            ("src/b.rs", "use std::fmt;\nuse serde_json::Value;\nuse paylib::Client;\n"),
            ("Cargo.toml", "[dependencies]\nserde-json = \"1\"\n"),
        ),
        (
            ("lib/b.rb", "require 'json'\nrequire 'rack/test'\nrequire 'paylib'\n"),
            ("Gemfile", "gem 'rack-test'\n"),
        ),
    ] {
        assert_eq!(found(&[code, manifest]), ["undeclared 3"], "{}", code.0);
        assert_eq!(found(&[code]), Vec::<String>::new(), "{} without a manifest", code.0);
    }
}

#[test]
fn what_lies_in_the_project_or_may_be_absent_passes() {
    let manifest = ("requirements.txt", "flask==3.0\n");
    for code in [
        "import helpers\n",
        "import shop.pay\n",
        "try:\n    import paylib\nexcept ImportError:\n    paylib = None\n",
        "if TYPE_CHECKING:\n    import paylib\n",
    ] {
        let files = [("shop/b.py", code), manifest, ("shop/helpers.py", ""), ("shop/pay.py", "")];
        assert_eq!(found(&files), Vec::<String>::new(), "{code}");
    }
}

#[test]
fn a_name_one_letter_away_from_a_declared_one_is_said_so() {
    assert_eq!(
        found(&[("b.py", "import falsk\n"), ("requirements.txt", "flask==3.0\n")]),
        ["near-miss 1"]
    );
}

#[test]
fn names_count_as_gone_from_the_declared_version_on() {
    let code = ("b.py", "import numpy as np\nx = np.float_(1)\ny = np.float64(1)\n");
    assert_eq!(found(&[code, ("requirements.txt", "numpy==2.1.0\n")]), ["api-removed 2"]);
    assert_eq!(found(&[code, ("requirements.txt", "numpy==1.26.4\n")]), Vec::<String>::new());
    let lock = "[[package]]\nname = \"numpy\"\nversion = \"2.0.1\"\n";
    let poetry = ("pyproject.toml", "[tool.poetry.dependencies]\nnumpy = \">=1.20\"\n");
    assert_eq!(found(&[code, poetry, ("poetry.lock", lock)]), ["api-removed 2"]);
    let node = (
        "b.js",
        "const util = require('util');\nutil.puts('x');\nfunction f(root) { return root.x; }\n",
    );
    assert_eq!(
        found(&[node, ("package.json", "{\"engines\": {\"node\": \">=18\"}}")]),
        ["api-removed 2"]
    );
}
