use super::condition::Condition;
use super::*;
use crate::checklist::lang::LANGS;

/// The origin of what the first call of `sink` in this text is given first.
fn sunk(lang: Lang, text: &str) -> Origin {
    let end = LANGS.iter().find(|(known, _, _)| *known == lang).unwrap().2[0];
    let file = File::whole(format!("a.{end}").as_str().into(), text.as_bytes());
    let flow = Flow::of(&file).unwrap();
    let root = file.tree().unwrap().root();
    let mut left = vec![root];
    while let Some(node) = left.pop() {
        if flow.syntax.role_of(&node) == Role::Call
            && flow.syntax.path(&node).last().is_some_and(|n| n == "sink")
        {
            let list = node.named_children().find(|c| c.kind().contains("argument")).unwrap();
            return flow.origin(&list.named_children().next().unwrap());
        }
        let children: Vec<_> = node.named_children().collect();
        left.extend(children.into_iter().rev());
    }
    panic!("no sink in {text}");
}

#[track_caller]
fn is(lang: Lang, text: &str, condition: &str) {
    let origin = sunk(lang, text);
    assert!(Condition::parse(condition).unwrap().holds(&origin), "{condition}: {origin:?}\n{text}");
}

#[test]
fn python() {
    let is = |text, condition| is(Lang::Python, text, condition);
    is("sink('a' + 'b')", "constant+!built");
    is("Q = 'select'\ndef f():\n    sink(Q + ' x')\n", "constant");
    is("def f(a):\n    q = 'select ' + a\n    sink(q)\n", "built+parameter+!outside");
    is("def f(a):\n    q = f'select {a}'\n    sink(text(q))\n", "built+parameter");
    is("def f(a):\n    q = 'select %s' % a\n    sink(q)\n", "built");
    is("def f(a):\n    q = 'select {}'.format(a)\n    sink(q)\n", "built");
    is("def f(a):\n    q = 'select '\n    q += a\n    sink(q)\n", "built+parameter");
    is("def f(a):\n    sink(int(a))\n", "!parameter");
    is("def f():\n    n = request.args.get('n')\n    sink('x' + n)\n", "built+outside");
    is("def f():\n    n = request.args['n']\n    n = 'fixed'\n    sink(n)\n", "constant");
    is(
        "def f(c):\n    n = 'a'\n    if c:\n        n = request.args['n']\n    sink(n)\n",
        "outside",
    );
    is(
        "def f():\n    n = request.args['n']\n    if n not in ALLOWED:\n        return\n    sink(n)\n",
        "!outside",
    );
    is("@app.route('/x')\ndef f(name):\n    sink(name)\n", "outside");
    is(
        "def g(x):\n    return 'a' + x\ndef f():\n    sink(g(request.args['q']))\n",
        "outside+built",
    );
    is("def g(x):\n    return 'a' + x\ndef f():\n    sink(g('b'))\n", "!built");
    is("def f(r):\n    sink(shlex.quote(r))\n", "clean:shell+!clean:path");
    is("def f():\n    sink('%s' % len(x))\n", "!variable");
    is("def f():\n    d = {}\n    d['k'] = request.form['v']\n    sink(d['k'])\n", "outside");
    is("def f():\n    sink(unknown())\n", "variable+!parameter");
    is(
        "class A:\n    def f(self):\n        self.q = 'a' + request.GET['b']\n        sink(self.q)\n",
        "built+outside",
    );
}

#[test]
fn javascript_and_typescript() {
    for lang in [Lang::JavaScript, Lang::TypeScript, Lang::Tsx] {
        let is = |text, condition| is(lang, text, condition);
        is("sink('a' + 'b');", "constant+!built");
        is("function f(a) { const q = `select ${a}`; sink(q); }", "built+parameter");
        is(
            "app.get('/', (req, res) => { const { id } = req.query; sink('x' + id); });",
            "built+outside",
        );
        is("app.get('/', (req, res) => { sink(parseInt(req.query.id)); });", "!outside");
        is("const f = (a) => { let q = 'x'; q += a; sink(q); };", "built+parameter");
        is(
            "function f(req) { const id = req.params.id; if (!allowed.includes(id)) { return; } sink(id); }",
            "!outside",
        );
        is("const T = 'users'; function f() { sink(`select ${T}`); }", "constant");
        is("function f(a) { sink(['a', a].join(' ')); }", "built");
    }
    is(Lang::TypeScript, "class C { f(@Query('a') a: string) { sink(a); } }", "outside");
}

#[test]
fn go() {
    let is = |body: &str, condition| {
        let text = format!(
            "package p\nfunc f(w http.ResponseWriter, r *http.Request, a string) {{\n{body}\n}}\n"
        );
        is(Lang::Go, &text, condition);
    };
    is("sink(\"a\" + \"b\")", "constant");
    is("q := fmt.Sprintf(\"select %s\", a)\nsink(q)", "built+parameter");
    is("n := r.URL.Query().Get(\"n\")\nsink(\"x\" + n)", "built+outside");
    is("n, _ := strconv.Atoi(r.FormValue(\"n\"))\nsink(n)", "!outside");
    is("q := \"x\"\nq += a\nsink(q)", "built+parameter");
    is("var b strings.Builder\nb.WriteString(a)\nsink(b.String())", "parameter");
}

#[test]
fn java() {
    let is = |body: &str, condition| {
        let text = format!(
            "class A {{ static final String T = \"t\"; void f(String a, HttpServletRequest request) {{ {body} }} }}"
        );
        is(Lang::Java, &text, condition);
    };
    is("sink(\"a\" + \"b\");", "constant");
    is("String q = \"select \" + a; sink(q);", "built+parameter");
    is("String n = request.getParameter(\"n\"); sink(\"x\" + n);", "built+outside");
    is("String q = String.format(\"select %s\", a); sink(q);", "built");
    is(
        "StringBuilder b = new StringBuilder(\"select \"); b.append(a); sink(b.toString());",
        "built+parameter",
    );
    is("int n = Integer.parseInt(request.getParameter(\"n\")); sink(n);", "!outside");
    is("sink(\"select \" + T);", "constant");
    is(" q = \"a\"; q += a; sink(q);", "built");
}

#[test]
fn csharp() {
    let is = |body: &str, condition| {
        let text = format!("class A {{ const string T = \"t\"; void F(string a) {{ {body} }} }}");
        is(Lang::CSharp, &text, condition);
    };
    is("sink(\"a\" + \"b\");", "constant");
    is("var q = $\"select {a}\"; sink(q);", "built+parameter");
    is("string q = \"select \" + a; sink(q);", "built+parameter");
    is("var n = Request.QueryString[\"n\"]; sink(\"x\" + n);", "built+outside");
    is("var q = string.Format(\"select {0}\", a); sink(q);", "built");
    is("var n = int.Parse(a); sink(n);", "!parameter");
    is("cmd.Text = \"x\" + a; sink(cmd.Text);", "built");
}

#[test]
fn php() {
    let is = |body: &str, condition| {
        let text = format!("<?php\nfunction f($a) {{ {body} }}\n");
        is(Lang::Php, &text, condition);
    };
    is("sink('a' . 'b');", "constant");
    is("$q = \"select $a\"; sink($q);", "built+parameter");
    is("$q = 'select ' . $_GET['n']; sink($q);", "built+outside");
    is("$q = 'a'; $q .= $a; sink($q);", "built+parameter");
    is("sink((int) $a);", "!parameter");
    is("sink(intval($_GET['a']));", "!outside");
    is("sink(escapeshellarg($_GET['a']));", "outside+clean:shell");
    is("$n = $request->input('n'); sink(\"x {$n}\");", "built+outside");
}

#[test]
fn ruby() {
    let is =
        |body: &str, condition| is(Lang::Ruby, &format!("def f(a)\n  {body}\nend\n"), condition);
    is("sink('a' + 'b')", "constant");
    is("q = \"select #{a}\"\n  sink(q)", "built+parameter");
    is("n = params[:n]\n  sink(\"x #{n}\")", "built+outside");
    is("sink(params[:n].to_i)", "!outside");
    is("q = 'a'\n  q << a\n  sink(q)", "parameter");
    is("q = 'a'\n  q += a\n  sink(q)", "built+parameter");
}

#[test]
fn rust() {
    let is =
        |body: &str, condition| is(Lang::Rust, &format!("fn f(a: &str) {{ {body} }}\n"), condition);
    is("sink(\"a\");", "constant");
    is("let q = format!(\"select {}\", a); sink(&q);", "built+parameter");
    is("let q = format!(\"select {a}\"); sink(&q);", "built+parameter");
    is("let n = std::env::args().nth(1); sink(n);", "outside");
    is("let q = format!(\"select {}\", 1); sink(&q);", "constant");
}

#[test]
fn hostile_input_ends() {
    let deep = format!("def f(a):\n    sink({}a{})\n", "(".repeat(3_000), ")".repeat(3_000));
    let _ = sunk(Lang::Python, &deep);
    let long = format!("def f(a):\n    q = 'x'\n{}    sink(q)\n", "    q = q + a\n".repeat(3_000));
    let _ = sunk(Lang::Python, &long);
    is(Lang::Python, "def f():\n    a = b\n    b = a\n    sink(a)\n", "!outside");
}

#[test]
fn conditions_are_checked_when_they_are_read() {
    assert!(Condition::parse("built+!clean:sql").is_ok());
    assert!(
        Condition::parse("biult").unwrap_err().contains("unknown condition `biult`; use built, ")
    );
}

#[test]
fn a_test_of_what_was_read_out_of_a_text_tests_the_text() {
    let body = "def f():\n    n = request.args['n']\n    u = urlparse(n)\n";
    let text = format!("{body}    if u.netloc not in HOSTS:\n        return\n    sink(n)\n");
    is(Lang::Python, &text, "!outside");
    is(Lang::Python, &format!("{body}    sink(n)\n"), "outside");
    let text =
        "def f():\n    n = request.args['n']\n    if '..' in n:\n        return\n    sink(n)\n";
    is(Lang::Python, text, "!outside");
}

#[test]
fn the_start_of_an_address_may_be_fixed() {
    let fixed = |text| is(Lang::Python, text, "outside+!host");
    let open = |text| is(Lang::Python, text, "outside+host");
    fixed("def f():\n    sink('https://example.com/' + request.args['n'])\n");
    fixed("def f():\n    sink(f\"https://example.com/{request.args['n']}\")\n");
    fixed("def f():\n    u = settings.base + request.args['n']\n    sink(u)\n");
    fixed("def f():\n    sink('https://example.com/{}'.format(request.args['n']))\n");
    fixed("def f():\n    sink(f\"{settings.base}/{request.args['n']}\")\n");
    open("def f():\n    sink(f\"{request.args['n']}/a\")\n");
    open("def f():\n    sink('https://' + request.args['n'] + '/a')\n");
    open("def f():\n    sink(request.args['n'] + '/a')\n");
    open("def f():\n    sink(f\"https://{request.args['n']}/a\")\n");
    open("def f():\n    sink('/' + request.args['n'])\n");
    is(
        Lang::JavaScript,
        "function f(req) { sink(`https://example.com/${req.query.n}`); }",
        "outside+!host",
    );
}

#[test]
fn branches_that_are_decided_in_the_code() {
    let python = |body: &str| format!("def f(a):\n    n = 86\n    p = 'ABC'\n{body}    sink(b)\n");
    let text = python("    if 7 * 42 - n > 200:\n        b = 'x'\n    else:\n        b = a\n");
    is(Lang::Python, &text, "constant");
    let text = python("    if 7 * 42 - n > 900:\n        b = 'x'\n    else:\n        b = a\n");
    is(Lang::Python, &text, "parameter");
    let text = python("    b = 'x' if n > 1 else a\n");
    is(Lang::Python, &text, "constant");
    let arms = "        case 'B':\n            b = 'x'\n        case 'A' | 'C':\n            b = a\n        case _:\n            b = a\n";
    is(Lang::Python, &python(&format!("    g = p[1]\n    match g:\n{arms}")), "constant");
    is(Lang::Python, &python(&format!("    g = p[2]\n    match g:\n{arms}")), "parameter");
    let java = |at: u8| {
        format!(
            "class A {{ void f(String a) {{ String b; String p = \"ABC\"; switch (p.charAt({at})) {{\n\
             case 'A': b = a; break;\n case 'B': b = \"x\"; break;\n case 'C': case 'D': b = a; break;\n\
             default: b = \"y\"; }} sink(b); }} }}"
        )
    };
    is(Lang::Java, &java(1), "constant");
    is(Lang::Java, &java(2), "parameter");
    let text = "class A { void f(String a) { int n = 106; String b = (7 * 18) + n > 200 ? \"x\" : a; sink(b); } }";
    is(Lang::Java, text, "constant");
}

#[test]
fn what_a_container_holds_under_a_key() {
    let python = |key: &str| {
        format!(
            "def f(a):\n    d = {{}}\n    d['x'] = 'fixed'\n    d['y'] = a\n    sink(d[{key}])\n"
        )
    };
    is(Lang::Python, &python("'x'"), "constant");
    is(Lang::Python, &python("'y'"), "parameter");
    is(Lang::Python, &python("k"), "parameter");
    let java = |key: &str| {
        format!(
            "class A {{ void f(String a) {{ Map<String, String> m = new HashMap<>(); m.put(\"x\", \"fixed\");\n\
             m.put(\"y\", a);\n String b = (String) m.get({key}); sink(b); }} }}"
        )
    };
    is(Lang::Java, &java("\"x\""), "constant");
    is(Lang::Java, &java("\"y\""), "parameter");
}

#[test]
fn handlers_by_their_parameters() {
    let text = "const f = ({ body }, res) => { const u = body.url; sink(u); };";
    is(Lang::JavaScript, text, "outside");
    is(Lang::JavaScript, "const f = ({ body }, log) => { sink(body.url); };", "!outside");
    is(
        Lang::TypeScript,
        "const f = ({ query }: Request, r: Response) => { sink(query.to); };",
        "outside",
    );
    is(Lang::Python, "def lambda_handler(event, context):\n    sink(event['name'])\n", "outside");
    is(Lang::Python, "def lambda_handler(event, context):\n    sink(context.name)\n", "!outside");
    is(Lang::Ruby, "def handler(event:, context:)\n  sink(event['name'])\nend\n", "outside");
    is(Lang::Python, "def on(event):\n    sink(event['name'])\n", "!outside");
}

#[test]
fn names_numbers_and_containers_are_told_from_values() {
    is(Lang::Java, "class A { void f(int id) { sink(\"id = \" + id); } }", "!variable");
    is(Lang::Go, "package p\nfunc f(a, b string) {\n\tsink(\"x\" + b)\n}\n", "built+parameter");
    is(Lang::Python, "def f(a):\n    sink({'k': a})\n", "keyed+parameter");
    is(Lang::Python, "def f(a):\n    sink(f'SELECT * FROM {a} WHERE b = %s')\n", "named+sql");
    is(Lang::Python, "def f(a):\n    sink('SELECT * FROM t WHERE b = ' + a)\n", "!named+sql");
    is(Lang::Python, "def f(a):\n    sink(', '.join('?' for _ in a))\n", "constant");
    is(Lang::Python, "def f(a):\n    sink({'x': 'y'}.get(a, 'z'))\n", "constant");
    is(Lang::JavaScript, "const f = (a) => { sink(a.map(() => '?').join(',')); };", "constant");
    is(Lang::Java, "class A { void f() { sink(Status.Open); } }", "constant");
    is(Lang::Go, "package p\nfunc f(q Query) {\n\tsink(q.SQL)\n}\n", "parameter");
}

#[test]
fn a_heredoc_is_the_text_below_it() {
    let text =
        "def f(a)\n  q = <<~SQL\n    SELECT * FROM t WHERE b = '#{a}'\n  SQL\n  sink(q)\nend\n";
    is(Lang::Ruby, text, "built+parameter+sql");
}
