//! Functions that make a value harmless, by their last name, white space between them.

use super::super::Clean;
use crate::checklist::lang::Lang;

/// Give a number, a date, a hash.
const NUMBER: &str = "
    int float len bool ord hash parseInt parseFloat Number parseLong parseDouble parseBoolean
    Atoi ParseInt ParseFloat ParseBool ParseUint to_i to_f intval floatval boolval count strlen
    length size UUID fromString Parse TryParse ToInt32 ToInt64 ToDouble ToBoolean hexdigest
    sha256 md5 sha1 digest uuid4 isoformat strptime fromisoformat Date ObjectId Decimal abs
    round floor isNaN isInteger hashCode Integer Float parse_int
";

/// Quote for SQL, or bind.
const SQL: &str = "
    quote_ident quote_identifier quote_name mysql_real_escape_string mysqli_real_escape_string
    real_escape_string escape_string pg_escape_string pg_escape_literal pg_escape_identifier
    escapeId escapeIdentifier sanitize_sql sanitize_sql_array sanitize_sql_like
    quote_column_name quote_table_name quote_string QuoteIdentifier encodeForSQL Identifier
    Literal prepare esc_sql bindparam quoteIdentifier enquoteIdentifier
";

/// Quote for a shell.
const SHELL: &str = "
    escapeshellarg escapeshellcmd shellescape shelljoin list2cmdline encodeForOS
";

/// Leave a name without folders.
const PATH: &str = "
    basename secure_filename Base GetFileName getName safe_join sanitize_filename
    GetFileNameWithoutExtension send_from_directory secureFilename toRealPath getCanonicalPath
    sanitize
";

/// Encode for a URL.
const URL: &str = "
    encodeURIComponent encodeURI quote_plus urlencode rawurlencode url_encode QueryEscape
    PathEscape UrlEncode EscapeDataString encode_www_form_component url_for reverse build_query
";

/// Encode for HTML.
const HTML: &str = "
    escape htmlspecialchars htmlentities escapeHtml HtmlEncode html_escape h conditional_escape
    EscapeString EscapeFilter escape_filter_chars escape_filter encodeForHTML strip_tags bleach
";

fn has(words: &str, name: &str) -> bool {
    words.split_ascii_whitespace().any(|word| word == name)
}

/// What a function makes of its argument.
pub fn cleaner(lang: Lang, path: &[&str]) -> Clean {
    let Some(name) = path.last() else {
        return Clean::default();
    };
    let own_parse =
        ["Parse", "TryParse", "fromString", "Date", "Integer", "length", "size", "count"];
    if has(NUMBER, name) && (!own_parse.contains(name) || parses_numbers(lang, path)) {
        return Clean::NUMBER;
    }
    let mut found = Clean::default();
    for (names, clean) in [
        (SQL, Clean::SQL),
        (SHELL, Clean::SHELL),
        (PATH, Clean::PATH),
        (URL, Clean::URL),
        (HTML, Clean::HTML),
    ] {
        if has(names, name) {
            found = found.or(clean);
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
