//! What is known of frameworks: where data comes in, what makes it harmless.

use super::Clean;
use crate::checklist::lang::{Lang, Node};

/// Paths that are data from outside. A path is one wherever it stands in a longer one; after `^`
/// only at its start.
type Paths = &'static [&'static str];

static PYTHON: Paths = &[
    "request.args",
    "request.form",
    "request.values",
    "request.json",
    "request.data",
    "request.files",
    "request.cookies",
    "request.headers",
    "request.get_json",
    "request.get_data",
    "request.GET",
    "request.POST",
    "request.body",
    "request.FILES",
    "request.COOKIES",
    "request.META",
    "request.query_params",
    "request.path_params",
    "request.query",
    "request.forms",
    "request.params",
    "request.url",
    "request.full_path",
    "request.path",
    "request.view_args",
    "request.match_info",
    "request.query_string",
    "request.stream",
    "request.read",
    "request.text",
    "request.post",
    "request.referrer",
    "request.user_agent",
    "request.environ",
    "request.rel_url",
    "request.matchdict",
    "request.json_body",
    "request.host",
    "request.base_url",
    "request.remote_addr",
    "req.args",
    "req.form",
    "req.json",
    "req.params",
    "req.body",
    "req.get_param",
    "req.media",
    "self.request",
    "get_argument",
    "get_query_argument",
    "get_body_argument",
    "get_arguments",
    "cherrypy.request",
    "environ.get",
    "^input",
    "^raw_input",
    "sys.argv",
    "sys.stdin",
    "stdin.read",
    "parse_args",
    "recv",
    "recvfrom",
    "websocket.receive",
    "receive_text",
    "receive_json",
    "event.body",
    "event.queryStringParameters",
    "event.pathParameters",
    "cgi.FieldStorage",
    "FieldStorage",
    "getvalue",
    "click.prompt",
    "self.get_argument",
    "get_form_parameter",
    "get_query_parameter",
    "form.cleaned_data",
    "flask.request",
    "bottle.request",
];

static JAVASCRIPT: Paths = &[
    "req.query",
    "req.body",
    "req.params",
    "req.param",
    "req.cookies",
    "req.headers",
    "req.url",
    "req.originalUrl",
    "req.path",
    "req.files",
    "req.file",
    "req.get",
    "req.header",
    "req.hostname",
    "req.signedCookies",
    "req.rawBody",
    "req.host",
    "req.protocol",
    "request.query",
    "request.body",
    "request.params",
    "request.payload",
    "request.headers",
    "request.url",
    "request.cookies",
    "request.param",
    "request.files",
    "request.raw",
    "request.path",
    "request.json",
    "request.formData",
    "request.text",
    "request.nextUrl",
    "request.originalUrl",
    "ctx.query",
    "ctx.request",
    "ctx.params",
    "ctx.cookies",
    "ctx.headers",
    "ctx.url",
    "ctx.path",
    "context.params",
    "context.query",
    "context.request",
    "event.body",
    "event.queryStringParameters",
    "event.pathParameters",
    "event.headers",
    "event.data",
    "process.argv",
    "process.stdin",
    "location.search",
    "location.hash",
    "location.href",
    "document.URL",
    "document.location",
    "window.location",
    "document.referrer",
    "document.cookie",
    "window.name",
    "URLSearchParams",
    "searchParams",
    "router.query",
    "useParams",
    "useSearchParams",
    "$routeParams",
    "^prompt",
    "$_GET",
    "msg.data",
    "message.data",
    "url.parse",
    "querystring.parse",
    "readline.question",
    "this.props.match",
    "route.params",
    "route.query",
    "localStorage.getItem",
    "sessionStorage.getItem",
];

static GO: Paths = &[
    "URL.Query",
    "URL.Path",
    "URL.RawQuery",
    "URL.Fragment",
    "URL.RawPath",
    "URL.String",
    "FormValue",
    "PostFormValue",
    "PostForm",
    "r.Form",
    "req.Form",
    "request.Form",
    "r.Header",
    "req.Header",
    "request.Header",
    "r.Body",
    "req.Body",
    "request.Body",
    "r.Cookie",
    "req.Cookie",
    "RequestURI",
    "MultipartForm",
    "FormFile",
    "MultipartReader",
    "r.Host",
    "r.Referer",
    "r.UserAgent",
    "c.Query",
    "c.Param",
    "c.DefaultQuery",
    "c.PostForm",
    "c.DefaultPostForm",
    "c.GetHeader",
    "c.Cookie",
    "c.QueryArray",
    "c.QueryMap",
    "c.GetRawData",
    "c.FormFile",
    "c.QueryParam",
    "c.FormValue",
    "c.Params",
    "c.Body",
    "c.Get",
    "ctx.Query",
    "ctx.Param",
    "ctx.Params",
    "ctx.Body",
    "ctx.FormValue",
    "ctx.QueryParam",
    "ctx.PostForm",
    "ctx.URLParam",
    "chi.URLParam",
    "mux.Vars",
    "PathValue",
    "os.Args",
    "flag.String",
    "flag.Arg",
    "flag.Args",
    "os.Stdin",
    "bufio.NewScanner",
    "ReadMessage",
    "ps.ByName",
    "params.ByName",
    "os.Getenv",
];

static JAVA: Paths = &[
    "getParameter",
    "getParameterValues",
    "getParameterMap",
    "getParameterNames",
    "getHeader",
    "getHeaders",
    "getHeaderNames",
    "getQueryString",
    "getCookies",
    "getInputStream",
    "getReader",
    "getRequestURI",
    "getRequestURL",
    "getPathInfo",
    "getPart",
    "getParts",
    "getRemoteUser",
    "getServletPath",
    "getPathTranslated",
    "getTheParameter",
    "getTheValue",
    "getTheCookie",
    "queryParams",
    "pathParam",
    "queryParam",
    "formParam",
    "bodyAsString",
    "getQueryParameters",
    "getPathParameters",
    "getOriginalFilename",
    "nextLine",
    "readLine",
    "getTheHeader",
    "request.body",
    "request.params",
    "req.body",
    "req.params",
    "req.queryParams",
    "request.queryParams",
    "ctx.pathParam",
    "ctx.queryParam",
    "getIntent",
    "getStringExtra",
    "getRawQuery",
    "getHostName",
    "getCanonicalHostName",
    "entry.getName",
    "zipEntry.getName",
    "tarEntry.getName",
    "ze.getName",
];

static CSHARP: Paths = &[
    "Request.QueryString",
    "Request.Query",
    "Request.Form",
    "Request.Params",
    "Request.Cookies",
    "Request.Headers",
    "Request.Body",
    "Request.Path",
    "Request.Url",
    "Request.RawUrl",
    "Request.InputStream",
    "Request.Files",
    "Request.UserAgent",
    "Request.UrlReferrer",
    "Request.RouteValues",
    "Request.ServerVariables",
    "Request.Item",
    "request.QueryString",
    "request.Query",
    "request.Form",
    "request.Params",
    "request.Headers",
    "request.Content",
    "request.Url",
    "request.Cookies",
    "Console.ReadLine",
    "Console.In",
    "RouteData.Values",
    "Environment.GetCommandLineArgs",
    "^Request",
    "HttpContext.Request",
    "context.Request",
    "TextBox.Text",
    "txtInput.Text",
    "input.Text",
];

static PHP: Paths = &[
    "^$_GET",
    "^$_POST",
    "^$_REQUEST",
    "^$_COOKIE",
    "^$_SERVER",
    "^$_FILES",
    "^$_ENV",
    "^$HTTP_GET_VARS",
    "^$HTTP_POST_VARS",
    "^$HTTP_RAW_POST_DATA",
    "^$argv",
    "$request.input",
    "$request.get",
    "$request.query",
    "$request.all",
    "$request.post",
    "$request.request",
    "$request.cookie",
    "$request.header",
    "$request.headers",
    "$request.file",
    "$request.json",
    "$request.getContent",
    "$request.getParam",
    "$request.getQueryParams",
    "$request.getParsedBody",
    "$request.only",
    "$request.except",
    "$request.validated.none",
    "$this.request",
    "Input.get",
    "Request.input",
    "Request.get",
    "Input.all",
    "Request.all",
    "filter_input",
    "getenv",
    "readline",
    "$req.getQueryParams",
    "input.post",
    "input.get",
    "$this.input",
    "$_GET",
    "$_POST",
    "$_REQUEST",
    "$_COOKIE",
];

static RUBY: Paths = &[
    "^params",
    "request.params",
    "request.body",
    "request.headers",
    "request.env",
    "request.query_string",
    "request.url",
    "request.path",
    "request.fullpath",
    "request.original_url",
    "request.referer",
    "request.GET",
    "request.POST",
    "request.cookies",
    "^cookies",
    "^ARGV",
    "^gets",
    "STDIN.read",
    "STDIN.gets",
    "$stdin.gets",
    "$stdin.read",
    "ARGF.read",
    "req.params",
    "self.params",
    "env.rack.input",
    "request.remote_ip",
    "request.user_agent",
    "request.host",
    "controller.params",
];

static RUST: Paths = &[
    "env.args",
    "std.env.args",
    "args_os",
    "stdin",
    "query_string",
    "match_info",
    "uri.query",
    "req.query",
    "request.query",
    "req.uri",
    "req.headers",
    "headers.get",
    "into_inner",
    "req.match_info",
    "req.body",
    "path_params",
    "cookies.get",
    "multipart.next_field",
];

/// Whether a path of names is data from outside.
pub fn is_source(lang: Lang, path: &[&str]) -> bool {
    let paths = match lang {
        Lang::Python => PYTHON,
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => JAVASCRIPT,
        Lang::Go => GO,
        Lang::Java => JAVA,
        Lang::CSharp => CSHARP,
        Lang::Php => PHP,
        Lang::Ruby => RUBY,
        Lang::Rust => RUST,
        _ => return false,
    };
    paths.iter().any(|wanted| {
        let (first, wanted) =
            wanted.strip_prefix('^').map_or((false, *wanted), |rest| (true, rest));
        let wanted: Vec<&str> = wanted.split('.').collect();
        if first {
            path.starts_with(&wanted)
        } else {
            path.windows(wanted.len()).any(|part| part == wanted)
        }
    })
}

/// Parameters that a framework fills from the request, by their annotation or type.
pub fn is_outside_parameter(lang: Lang, text: &str) -> bool {
    let marks: &[&str] = match lang {
        Lang::Java => &[
            "@RequestParam",
            "@PathVariable",
            "@RequestBody",
            "@RequestHeader",
            "@CookieValue",
            "@QueryParam",
            "@PathParam",
            "@FormParam",
            "@HeaderParam",
            "@ModelAttribute",
            "@MatrixVariable",
            "@RequestPart",
            "@QueryValue",
            "@Body",
            "MultipartFile",
            "String[] args",
            "String... args",
        ],
        Lang::CSharp => &[
            "[FromQuery",
            "[FromBody",
            "[FromRoute",
            "[FromForm",
            "[FromHeader",
            "IFormFile",
            "string[] args",
        ],
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => {
            &["@Query(", "@Param(", "@Body(", "@Headers(", "@UploadedFile", "@QueryParam("]
        }
        Lang::Rust => &[
            "Query<",
            "Path<",
            "Json<",
            "Form<",
            "web::Query",
            "web::Path",
            "web::Form",
            "Multipart",
        ],
        Lang::Python => &[
            "= Query(",
            "= Path(",
            "= Body(",
            "= Form(",
            "= Header(",
            "= Cookie(",
            "UploadFile",
            "= File(",
        ],
        Lang::Php => &["Request $"],
        _ => &[],
    };
    if text.len() < 400 && is_javascript(lang) && takes_request_apart(text) {
        return true;
    }
    text.len() < 400 && marks.iter().any(|mark| text.contains(mark))
}

fn is_javascript(lang: Lang) -> bool {
    matches!(lang, Lang::JavaScript | Lang::TypeScript | Lang::Tsx)
}

/// `({ body }, res) => ...`, `({ query }: Request) => ...`: handlers that name parts of a request.
fn takes_request_apart(parameters: &str) -> bool {
    let Some((names, after)) =
        parameters.trim_start_matches('(').strip_prefix('{').and_then(|rest| rest.split_once('}'))
    else {
        return false;
    };
    let part = ["body", "query", "params", "headers", "cookies", "file", "files"];
    names.split([',', ':', ' ']).any(|name| part.contains(&name.trim()))
        && ["res", "reply", "response", "Request"].iter().any(|word| {
            after.trim_start_matches([':', ',', ' ']).split([',', ':', ')', '<', ' ']).next()
                == Some(word)
        })
}

/// Whether a framework calls this function with parts of a request.
pub fn handles_requests(lang: Lang, function: &Node<'_>) -> bool {
    let before = match lang {
        // Decorators stand around a function, annotations and attributes in it.
        Lang::Python => function.parent().filter(|parent| parent.kind() == "decorated_definition"),
        Lang::CSharp => Some(function.clone()),
        _ => None,
    };
    // The handlers of cloud functions are known by their name and parameters.
    let parameters = function.field("parameters").map(|list| list.text().into_owned());
    let name = function.field("name").map(|name| name.text().into_owned()).unwrap_or_default();
    if matches!(lang, Lang::Python | Lang::Ruby)
        && name.ends_with("handler")
        && parameters.is_some_and(|text| text.contains("event") && text.contains("context"))
    {
        return true;
    }
    let Some(before) = before else { return false };
    let head = &before.text();
    let head: String = head.chars().take(600).collect();
    match lang {
        Lang::Python => {
            let decorators = head.split("def ").next().unwrap_or_default();
            [
                ".route(",
                ".get(",
                ".post(",
                ".put(",
                ".delete(",
                ".patch(",
                "@api_view",
                "@view_config",
            ]
            .iter()
            .any(|mark| decorators.contains(mark))
        }
        _ => {
            let head = head.split('{').next().unwrap_or_default();
            [
                "[HttpGet",
                "[HttpPost",
                "[HttpPut",
                "[HttpDelete",
                "[Route",
                "IActionResult",
                "ActionResult",
            ]
            .iter()
            .any(|mark| head.contains(mark))
        }
    }
}

/// What carries a request is not data itself.
pub fn is_carrier(node: &Node<'_>) -> bool {
    let text = node.text();
    let name = text.split([':', '=', ' ']).next().unwrap_or_default();
    ["request", "req", "context", "self", "cls", "db", "session", "response"].contains(&name)
        || text.contains("Depends(")
}

/// Types whose values are harmless.
pub const NUMBERS: &[&str] = &[
    "int",
    "integer",
    "float",
    "double",
    "bool",
    "boolean",
    "long",
    "short",
    "decimal",
    "number",
    "uint",
    "int64",
    "float64",
    "i32",
    "i64",
    "u32",
    "u64",
    "usize",
    "Guid",
    "Long",
    "Integer",
    "int8",
    "int16",
    "int32",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float32",
    "byte",
    "i8",
    "i16",
    "u8",
    "u16",
    "i128",
    "u128",
    "isize",
    "f32",
    "f64",
    "Boolean",
    "Double",
    "Float",
    "Short",
    "Byte",
    "UUID",
    "Uuid",
    "uuid.UUID",
    "DateTime",
    "LocalDate",
    "LocalDateTime",
    "Instant",
    "BigDecimal",
    "BigInteger",
    "time.Time",
    "time.Duration",
    "datetime",
    "Decimal",
    "ObjectId",
];

/// Functions that give back a constant where they are given constants.
pub const KEEPING: &[&str] = &[
    "strip",
    "lower",
    "upper",
    "trim",
    "toLowerCase",
    "toUpperCase",
    "encode",
    "decode",
    "toString",
    "str",
    "String",
    "text",
    "valueOf",
    "getBytes",
    "to_s",
    "dedent",
    "freeze",
    "strip_heredoc",
    "ToString",
    "StringBuilder",
    "StringBuffer",
    "StringIO",
    "Bytes",
    "to_string",
    "into",
    "as_str",
    "to_owned",
    "from",
    "squish",
    "Itoa",
    "SQL",
    "Composed",
    "FormatInt",
    "Sprint",
    "getName",
    "getSimpleName",
    "name",
];

/// Marks of a condition that compares a value with what is allowed.
pub const TESTS: &[&str] = &[
    " in ",
    "includes(",
    "contains",
    "Contains",
    "indexOf",
    "has(",
    "has_key",
    "include?",
    "in_array",
    "isdigit",
    "isalnum",
    "isnumeric",
    "match",
    "Match",
    "test(",
    "startswith",
    "startsWith",
    "StartsWith",
    "HasPrefix",
    "start_with?",
    "starts_with",
    "is_relative_to",
    "isLocalUrl",
    "IsLocalUrl",
    "url_has_allowed_host",
    "is_safe",
    "isSafe",
    "is_valid",
    "isValid",
    "IsValid",
    "is_numeric",
    "ctype_",
    "filter_var",
    "preg_match",
    "array_key_exists",
    "isset($allowed",
    "allowed",
    "Allowed",
    "ALLOWED",
    "whitelist",
    "Whitelist",
    "WHITELIST",
    "allowlist",
    "member?",
    "key?",
    "hostname",
    "netloc",
    "ok {",
    "ok)",
    "; ok",
    "validate",
    "Validate",
];

/// Marks of a condition that says what is not allowed.
pub const REFUSED: &[&str] =
    &["'..", "\"..", "is_absolute(", "isAbsolute(", "IsAbs(", "IsPathRooted(", "isabs("];

/// Functions that read a text: a test of what they give is a test of the text.
pub const READING: &[&str] = &[
    "urlparse",
    "urlsplit",
    "parse",
    "Parse",
    "parse_url",
    "URL",
    "URI",
    "Uri",
    "Path",
    "realpath",
    "abspath",
    "normpath",
    "resolve",
    "normalize",
    "Clean",
    "Abs",
    "Rel",
    "GetFullPath",
    "expand_path",
    "File",
    "getCanonicalPath",
    "getCanonicalFile",
    "toRealPath",
    "getHost",
    "canonicalize",
];

/// Words by which a block is left.
pub const LEAVING: &[&str] = &[
    "return", "raise", "throw", "abort", "exit", "continue", "break", "die", "redirect", "panic",
    "Fatal", "halt", "render", "Error(", "bail",
];

/// What a function makes of its argument.
pub fn cleaner(lang: Lang, path: &[&str]) -> Clean {
    let Some(name) = path.last() else {
        return Clean::default();
    };
    let number: &[&str] = &[
        "int",
        "float",
        "len",
        "bool",
        "ord",
        "hash",
        "parseInt",
        "parseFloat",
        "Number",
        "parseLong",
        "parseDouble",
        "parseBoolean",
        "Atoi",
        "ParseInt",
        "ParseFloat",
        "ParseBool",
        "ParseUint",
        "to_i",
        "to_f",
        "intval",
        "floatval",
        "boolval",
        "count",
        "strlen",
        "length",
        "size",
        "UUID",
        "fromString",
        "Parse",
        "TryParse",
        "ToInt32",
        "ToInt64",
        "ToDouble",
        "ToBoolean",
        "hexdigest",
        "sha256",
        "md5",
        "sha1",
        "digest",
        "uuid4",
        "isoformat",
        "strptime",
        "fromisoformat",
        "Date",
        "ObjectId",
        "Decimal",
        "abs",
        "round",
        "floor",
        "isNaN",
        "isInteger",
        "hashCode",
        "Integer",
        "Float",
        "parse_int",
    ];
    let own_parse =
        ["Parse", "TryParse", "fromString", "Date", "Integer", "length", "size", "count"];
    if number.contains(name) && (!own_parse.contains(name) || parses_numbers(lang, path)) {
        return Clean::NUMBER;
    }
    let lists: &[(&[&str], Clean)] = &[
        (
            &[
                "quote_ident",
                "quote_identifier",
                "quote_name",
                "mysql_real_escape_string",
                "mysqli_real_escape_string",
                "real_escape_string",
                "escape_string",
                "pg_escape_string",
                "pg_escape_literal",
                "pg_escape_identifier",
                "escapeId",
                "escapeIdentifier",
                "sanitize_sql",
                "sanitize_sql_array",
                "sanitize_sql_like",
                "quote_column_name",
                "quote_table_name",
                "quote_string",
                "QuoteIdentifier",
                "encodeForSQL",
                "Identifier",
                "Literal",
                "prepare",
                "esc_sql",
                "bindparam",
                "quoteIdentifier",
                "enquoteIdentifier",
            ],
            Clean::SQL,
        ),
        (
            &[
                "escapeshellarg",
                "escapeshellcmd",
                "shellescape",
                "shelljoin",
                "list2cmdline",
                "encodeForOS",
            ],
            Clean::SHELL,
        ),
        (
            &[
                "basename",
                "secure_filename",
                "Base",
                "GetFileName",
                "getName",
                "safe_join",
                "sanitize_filename",
                "GetFileNameWithoutExtension",
                "send_from_directory",
                "secureFilename",
                "toRealPath",
                "getCanonicalPath",
                "sanitize",
            ],
            Clean::PATH,
        ),
        (
            &[
                "encodeURIComponent",
                "encodeURI",
                "quote_plus",
                "urlencode",
                "rawurlencode",
                "url_encode",
                "QueryEscape",
                "PathEscape",
                "UrlEncode",
                "EscapeDataString",
                "encode_www_form_component",
                "url_for",
                "reverse",
                "urlencode",
                "build_query",
            ],
            Clean::URL,
        ),
        (
            &[
                "escape",
                "htmlspecialchars",
                "htmlentities",
                "escapeHtml",
                "HtmlEncode",
                "html_escape",
                "h",
                "conditional_escape",
                "EscapeString",
                "EscapeFilter",
                "escape_filter_chars",
                "escape_filter",
                "encodeForHTML",
                "strip_tags",
                "bleach",
            ],
            Clean::HTML,
        ),
    ];
    let mut found = Clean::default();
    for (names, clean) in lists {
        if names.contains(name) {
            found = found.or(*clean);
        }
    }
    // `quote` is a shell's in shlex, a URL's in urllib, SQL's on a connection.
    match (path, *name) {
        (["shlex" | "pipes", ..], "quote") | (["Shellwords", ..], "escape" | "join") => {
            found.or(Clean::SHELL)
        }
        (["urllib" | "parse" | "six", ..], "quote") | (["CGI" | "URI" | "ERB", ..], "escape") => {
            found.or(Clean::URL)
        }
        (["re" | "regex" | "Regexp" | "Regex" | "Pattern", ..], "escape" | "Escape" | "quote")
        | (_, "QuoteMeta" | "escapeRegExp" | "escapeStringRegexp" | "preg_quote") => {
            found.or(Clean::REGEX)
        }
        (["html" | "markupsafe" | "cgi" | "escape", ..], "escape") => found,
        (_, "quote" | "escape") => found.or(Clean::SQL).or(Clean::URL),
        _ => found,
    }
}

/// Names that are a number's only on a number's type.
fn parses_numbers(lang: Lang, path: &[&str]) -> bool {
    let object = path.len().checked_sub(2).map(|at| path[at]).unwrap_or_default();
    let types = [
        "int", "Int32", "Int64", "long", "Guid", "double", "decimal", "DateTime", "bool", "float",
        "UUID", "short", "byte", "uint", "Integer", "Long", "Double", "uuid", "DateOnly",
    ];
    match path.last().copied().unwrap_or_default() {
        "length" | "size" | "count" | "Date" => path.len() > 1 || lang == Lang::Php,
        "Integer" => lang == Lang::Ruby,
        _ => types.contains(&object),
    }
}
