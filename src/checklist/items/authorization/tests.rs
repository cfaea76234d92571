//! Endpoints beside guarded ones, and what ASP.NET asks for.

use super::*;
use crate::checklist::Change;
use crate::checklist::testing::Files;
use crate::config::policy::Effective;

fn found_in(path: &str, text: &str, project: &Files) -> Vec<String> {
    let change =
        Change { files: vec![File::whole(path.into(), text.as_bytes())], ..Change::default() };
    let policy = Effective::default();
    let mut hits = Vec::new();
    Authorization.run(&Context { change: &change, project, policy: &policy }, &mut hits);
    hits.into_iter().map(|hit| format!("{} {}", hit.lines.start, hit.rule)).collect()
}

fn found(path: &str, text: &str) -> Vec<String> {
    found_in(path, text, &Files::default())
}

/// Three endpoints: two that ask and, on its own, one that does not; its twin asks as well.
#[test]
fn an_endpoint_without_the_check_of_its_siblings_is_found() {
    let cases: &[(&str, &str, &str, &str, &str)] = &[
        (
            "a.py",
            "",
            "@app.route('/N')\n@login_required\ndef N(): pass\n",
            "@app.route('/N', methods=['POST'])\ndef N(): pass\n",
            "",
        ),
        (
            "a.py",
            "",
            "@router.get('/N')\ndef N(user=Depends(get_current_user)): pass\n",
            "@router.post('/N')\ndef N(body: Body): pass\n",
            "",
        ),
        (
            "shop/views.py",
            "",
            "class N(LoginRequiredMixin, View):\n    pass\n",
            "class N(View):\n    pass\n",
            "",
        ),
        (
            "a.js",
            "",
            "router.get('/N', requireAuth, list);\n",
            "router.post('/N', (req, res) => res.json(save(req.body)));\n",
            "",
        ),
        (
            "a.ts",
            "@Controller()\nexport class A {\n",
            "@UseGuards(RolesGuard)\n@Get('N')\nN() { return 1; }\n",
            "@Post('N')\nN() { return 1; }\n",
            "}\n",
        ),
        (
            "A.java",
            "class A {\n",
            "@PreAuthorize(\"hasRole('A')\") @GetMapping(\"/N\") void N() {}\n",
            "@PostMapping(\"/N\") void N() {}\n",
            "}\n",
        ),
        (
            "A.cs",
            "class A : ControllerBase {\n",
            "[Authorize] [HttpGet] public int N() { return 1; }\n",
            "[HttpPost] public int N() { return 1; }\n",
            "}\n",
        ),
        (
            "a.go",
            "package a\nfunc f(r *gin.Engine) {\n",
            "r.GET(\"/N\", auth(), N)\n",
            "r.POST(\"/N\", N)\n",
            "}\n",
        ),
        (
            "routes/web.php",
            "<?php\n",
            "Route::get('/N', N)->middleware('auth');\n",
            "Route::post('/N', N);\n",
            "",
        ),
        (
            "a.rs",
            "",
            "#[get(\"/N\")]\nasync fn N(user: AuthUser) {}\n",
            "#[post(\"/N\")]\nasync fn N(body: Json<A>) {}\n",
            "",
        ),
    ];
    for (path, head, good, bad, tail) in cases {
        let of = |parts: &[(&str, &str)]| {
            let body: String = parts.iter().map(|(text, name)| text.replace('N', name)).collect();
            format!("{head}{body}{tail}")
        };
        let one = of(&[(good, "orders"), (good, "bills"), (bad, "refund")]);
        let found_one = found(path, &one);
        assert_eq!(found_one.len(), 1, "{path}: {found_one:?}\n{one}");
        assert!(found_one[0].ends_with("unlike-siblings"), "{path}");
        let all = of(&[(good, "orders"), (good, "bills"), (good, "refund")]);
        assert!(found(path, &all).is_empty(), "{path}\n{all}");
        let none = of(&[(bad, "orders"), (bad, "bills"), (good, "refund")]);
        assert!(found(path, &none).is_empty(), "{path}: most are open\n{none}");
        let open = of(&[(good, "orders"), (good, "bills"), (bad, "login")]);
        assert!(found(path, &open).is_empty(), "{path}: everybody logs in\n{open}");
    }
}

#[test]
fn an_action_of_rails_that_no_filter_names_is_found() {
    let text = |only: &str| {
        format!(
            "class OrdersController < ApplicationController\n  before_action :authenticate_user!{only}\n  def index; end\n  def show; end\n  def refund; end\n  private\n  def order; end\nend\n"
        )
    };
    assert_eq!(found("a.rb", &text(", only: [:index, :show]")), ["5 unlike-siblings"]);
    assert!(found("a.rb", &text("")).is_empty());
    assert!(found("a.rb", &text(", only: %i[index show refund]")).is_empty());
}

#[test]
fn a_router_that_asks_for_all_of_its_endpoints_is_known() {
    let routes = "router.get('/a', requireAuth, a);\nrouter.get('/b', requireAuth, b);\nrouter.post('/c', c);\n";
    assert_eq!(found("a.js", routes), ["3 unlike-siblings"]);
    assert!(found("a.js", &format!("router.use(requireAuth);\n{routes}")).is_empty());
}

#[test]
fn the_policy_names_checks() {
    let text =
        "router.get('/a', mayPay, a);\nrouter.get('/b', mayPay, b);\nrouter.post('/c', c);\n";
    assert!(found("a.js", text).is_empty());
    let own = ("ai-log.toml", "[authorization]\nchecks = [\"mayPay\"]\n");
    let policy = Effective::of(None, &[own]).unwrap();
    let change =
        Change { files: vec![File::whole("a.js".into(), text.as_bytes())], ..Change::default() };
    let mut hits = Vec::new();
    let project = Files::default();
    Authorization.run(&Context { change: &change, project: &project, policy: &policy }, &mut hits);
    assert_eq!(hits.len(), 1);
}

#[test]
fn what_changes_something_in_aspnet_checks_for_forgery() {
    let class = |above: &str, base: &str, attributes: &str| {
        format!(
            "{above}\nclass A : {base} {{\n{attributes}\npublic IActionResult Pay(Order order) {{ return View(); }}\n}}\n"
        )
    };
    let one =
        |above: &str, base: &str, attributes: &str| found("A.cs", &class(above, base, attributes));
    assert_eq!(one("", "Controller", "[HttpPost]"), ["3 csrf-unchecked"]);
    assert!(one("", "Controller", "[HttpPost, ValidateAntiForgeryToken]").is_empty());
    assert!(one("", "Controller", "[HttpPost]\n[ValidateAntiForgeryToken]").is_empty());
    assert!(one("[AutoValidateAntiforgeryToken]", "Controller", "[HttpPost]").is_empty());
    assert!(one("", "ControllerBase", "[HttpPost]").is_empty());
    assert!(one("", "Controller", "[HttpGet]").is_empty());
    let startup = Files::of(&[(
        "web/Startup.cs",
        "options.Filters.Add(new AutoValidateAntiforgeryTokenAttribute());",
    )]);
    assert!(
        found_in("web/Controllers/A.cs", &class("", "Controller", "[HttpPost]"), &startup)
            .is_empty()
    );
}

#[test]
fn a_check_of_tokens_that_is_a_method_which_says_yes_is_found() {
    let text = |body: &str| {
        format!(
            "class A {{\nbool Accept(string a) {{ {body} }}\nvoid F() {{\np.AudienceValidator = new AudienceValidator(Accept);\n}} }}\n"
        )
    };
    assert_eq!(found("A.cs", &text("return true;")), ["4 token-check-empty"]);
    assert!(found("A.cs", &text("return a == own;")).is_empty());
}

#[test]
fn an_endpoint_for_the_few_needs_a_check_though_it_has_no_siblings() {
    let text = |path: &str| format!("@app.route('{path}', methods=['POST'])\ndef drop(): pass\n");
    assert_eq!(found("a.py", &text("/admin/drop")), ["1 open-admin"]);
    assert!(found("a.py", &text("/drop")).is_empty());
    let guarded = text("/admin/drop").replace("def", "@login_required\ndef");
    assert!(found("a.py", &guarded).is_empty());
}

#[test]
fn a_controller_without_authorization_beside_others_is_found() {
    let class = |name: &str, above: &str| {
        format!(
            "{above}\npublic class {name} : Controller {{ public IActionResult Index() => View(); }}\n"
        )
    };
    let two = class("A", "[Authorize]") + &class("B", "[Authorize(Roles = \"b\")]");
    assert_eq!(found("A.cs", &(two.clone() + &class("C", ""))), ["6 unlike-siblings"]);
    assert!(found("A.cs", &(two.clone() + &class("C", "[AllowAnonymous]"))).is_empty());
    let folder = Files::of(&[
        ("web/AController.cs", &class("A", "[Authorize]")),
        ("web/BController.cs", &class("B", "[Authorize]")),
    ]);
    assert_eq!(found_in("web/CController.cs", &class("C", ""), &folder), ["2 unlike-siblings"]);
    assert!(found("web/CController.cs", &class("C", "")).is_empty(), "nothing to compare with");
}
