//! What is known of frameworks: where data comes in, what makes it harmless.

mod cleaners;
mod paths;

pub use cleaners::cleaner;

use crate::checklist::lang::{Lang, Node};

/// Whether a path of names is data from outside.
pub fn is_source(lang: Lang, path: &[&str]) -> bool {
    let paths = match lang {
        Lang::Python => paths::PYTHON,
        Lang::JavaScript | Lang::TypeScript | Lang::Tsx => paths::JAVASCRIPT,
        Lang::Go => paths::GO,
        Lang::Java => paths::JAVA,
        Lang::CSharp => paths::CSHARP,
        Lang::Php => paths::PHP,
        Lang::Ruby => paths::RUBY,
        Lang::Rust => paths::RUST,
        _ => return false,
    };
    paths.split_ascii_whitespace().any(|wanted| {
        let (first, wanted) = wanted.strip_prefix('^').map_or((false, wanted), |rest| (true, rest));
        let length = wanted.split('.').count();
        let same = |part: &[&str]| part.iter().copied().eq(wanted.split('.'));
        if first { path.get(..length).is_some_and(same) } else { path.windows(length).any(same) }
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
