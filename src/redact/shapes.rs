//! Credentials known by a fixed prefix, and the bytes that each kind is made of.
//!
//! Prefixes and lengths are the ones each service documents for its own credentials. The
//! lower bounds are often below the documented length, so that a credential cut off by
//! copying is removed as well.

/// A credential known by its prefix.
pub(super) struct Shape {
    pub(super) kind: &'static str,
    /// Compared exactly, including case.
    pub(super) prefix: &'static str,
    /// The bytes that may follow the prefix. Always ASCII.
    pub(super) body: fn(u8) -> bool,
    /// The least and the most bytes of body; a longer run is something else.
    pub(super) min: usize,
    pub(super) max: usize,
    /// Whether the prefix must start a word, for prefixes that words can end in.
    pub(super) edge: bool,
    /// Whether the body must hold a digit, for prefixes that also start plain names.
    pub(super) digit: bool,
}

pub(super) const ANY: usize = usize::MAX;

fn alnum(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}
pub(super) fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}
fn dash(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-'
}
/// The base64url alphabet (RFC 4648, section 5) without padding.
pub(super) fn url64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'-' || b == b'_'
}
fn dotted(b: u8) -> bool {
    url64(b) || b == b'.'
}
/// The base64 alphabet (RFC 4648, section 4) with padding.
pub(super) fn base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}
fn hex(b: u8) -> bool {
    b.is_ascii_hexdigit()
}
fn upper(b: u8) -> bool {
    b.is_ascii_uppercase() || b.is_ascii_digit()
}
fn hexdash(b: u8) -> bool {
    b.is_ascii_hexdigit() || b == b'-'
}
fn lower(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit()
}
fn padded(b: u8) -> bool {
    url64(b) || b == b'='
}
fn percent(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'%'
}
fn braintree(b: u8) -> bool {
    lower(b) || b == b'$'
}

/// A distinctive prefix: valid wherever it stands.
const fn far(
    kind: &'static str,
    prefix: &'static str,
    body: fn(u8) -> bool,
    min: usize,
    max: usize,
) -> Shape {
    Shape { kind, prefix, body, min, max, edge: false, digit: false }
}

/// A prefix that must start a word.
const fn near(
    kind: &'static str,
    prefix: &'static str,
    body: fn(u8) -> bool,
    min: usize,
    max: usize,
) -> Shape {
    Shape { edge: true, ..far(kind, prefix, body, min, max) }
}

/// A prefix that must start a word and also starts plain names.
const fn sure(
    kind: &'static str,
    prefix: &'static str,
    body: fn(u8) -> bool,
    min: usize,
    max: usize,
) -> Shape {
    Shape { digit: true, ..near(kind, prefix, body, min, max) }
}

#[rustfmt::skip]
pub(super) static SHAPES: &[Shape] = &[
    near("aws-access-key", "AKIA", upper, 16, 16),
    near("aws-access-key", "ASIA", upper, 16, 16),
    near("aws-access-key", "ABIA", upper, 16, 16),
    near("aws-access-key", "ACCA", upper, 16, 16),
    far("github-token", "ghp_", alnum, 20, ANY),
    far("github-token", "gho_", alnum, 20, ANY),
    far("github-token", "ghu_", alnum, 20, ANY),
    // Newer server tokens carry a JWT after the prefix.
    far("github-token", "ghs_", dotted, 20, ANY),
    far("github-token", "ghr_", alnum, 20, ANY),
    far("github-token", "github_pat_", word, 20, ANY),
    far("gitlab-token", "glpat-", dotted, 16, ANY),
    far("gitlab-token", "gldt-", url64, 16, ANY),
    far("gitlab-token", "glrt-", dotted, 16, ANY),
    far("gitlab-token", "glptt-", url64, 16, ANY),
    far("gitlab-token", "glcbt-", url64, 16, ANY),
    far("slack-token", "xoxa-", dash, 10, ANY),
    far("slack-token", "xoxb-", dash, 10, ANY),
    far("slack-token", "xoxe-", dash, 10, ANY),
    far("slack-token", "xoxe.", dotted, 10, ANY),
    far("slack-token", "xoxp-", dash, 10, ANY),
    far("slack-token", "xoxr-", dash, 10, ANY),
    far("slack-token", "xoxs-", dash, 10, ANY),
    sure("slack-token", "xapp-", dash, 20, ANY),
    far("stripe-key", "sk_live_", alnum, 10, ANY),
    far("stripe-key", "sk_test_", alnum, 10, ANY),
    far("stripe-key", "rk_live_", alnum, 10, ANY),
    far("stripe-key", "rk_test_", alnum, 10, ANY),
    far("stripe-key", "whsec_", base64, 20, ANY),
    far("anthropic-key", "sk-ant-", url64, 16, ANY),
    far("openai-key", "sk-proj-", url64, 16, ANY),
    far("openai-key", "sk-svcacct-", url64, 16, ANY),
    far("openai-key", "sk-admin-", url64, 16, ANY),
    sure("openai-key", "sk-", url64, 20, ANY),
    near("google-api-key", "AIza", url64, 30, ANY),
    far("google-oauth-secret", "GOCSPX-", url64, 20, ANY),
    near("google-oauth-token", "ya29.", url64, 20, ANY),
    near("npm-token", "npm_", alnum, 30, ANY),
    far("pypi-token", "pypi-AgE", url64, 30, ANY),
    sure("pypi-token", "pypi-", url64, 40, ANY),
    near("crates-io-token", "cio", alnum, 32, 32),
    far("docker-token", "dckr_pat_", url64, 20, ANY),
    far("docker-token", "dckr_oat_", url64, 20, ANY),
    far("digitalocean-token", "dop_v1_", hex, 32, ANY),
    far("digitalocean-token", "doo_v1_", hex, 32, ANY),
    far("digitalocean-token", "dor_v1_", hex, 32, ANY),
    near("hugging-face-token", "hf_", alnum, 30, ANY),
    sure("sendgrid-key", "SG.", dotted, 50, ANY),
    near("mailgun-key", "key-", hexdash, 32, 50),
    far("shopify-token", "shpat_", hex, 32, ANY),
    far("shopify-token", "shpca_", hex, 32, ANY),
    far("shopify-token", "shppa_", hex, 32, ANY),
    far("shopify-token", "shpss_", hex, 32, ANY),
    far("square-token", "sq0atp-", url64, 22, ANY),
    far("square-token", "sq0csp-", url64, 30, ANY),
    near("square-token", "EAAA", url64, 56, 80),
    near("databricks-token", "dapi", hexdash, 32, 36),
    far("linear-key", "lin_api_", alnum, 30, ANY),
    far("linear-key", "lin_oauth_", alnum, 30, ANY),
    near("notion-token", "secret_", alnum, 40, 50),
    near("notion-token", "ntn_", alnum, 40, ANY),
    far("figma-token", "figd_", url64, 30, ANY),
    far("age-secret-key", "AGE-SECRET-KEY-1", upper, 40, ANY),
    // The base64 of `openssh-key-v1`: the body of a key file without its first line.
    far("private-key", "b3BlbnNzaC1rZXktdjE", base64, 20, ANY),
    // Clouds and hosting.
    sure("alibaba-access-key", "LTAI", alnum, 17, 21),
    far("amazon-mws-token", "amzn.mws.", hexdash, 32, 36),
    far("amazon-oauth-secret", "amzn1.oa2-cs.v1.", hex, 64, 64),
    sure("aws-appsync-key", "da2-", lower, 26, 26),
    sure("aws-bedrock-key", "ABSK", base64, 100, 300),
    far("aws-bedrock-key", "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t", base64, 1, ANY),
    far("cloudflare-origin-key", "v1.0-", hexdash, 160, 190),
    sure("fly-token", "fo1_", url64, 43, 43),
    sure("fly-token", "fm2_", base64, 100, ANY),
    sure("fly-token", "fm1r_", base64, 100, ANY),
    sure("fly-token", "fm1a_", base64, 100, ANY),
    sure("heroku-key", "HRKU-AA", url64, 50, 70),
    far("netlify-token", "nfp_", alnum, 36, 44),
    sure("ngrok-key", "ak_2", alnum, 26, 26),
    far("openshift-token", "sha256~", url64, 43, 43),
    sure("render-key", "rnd_", alnum, 32, 36),
    sure("scalingo-token", "tk-us-", url64, 48, 48),
    sure("scaleway-key", "SCW", upper, 17, 17),
    far("supabase-token", "sbp_", hex, 40, 40),
    far("supabase-token", "sb_secret_", url64, 22, 48),
    far("tailscale-key", "tskey-", url64, 20, ANY),
    sure("tencent-secret-id", "AKID", alnum, 32, 32),
    sure("yandex-key", "AQVN", url64, 35, 38),
    sure("yandex-access-key", "YC", url64, 38, 38),
    // Code hosts, builds and packages.
    far("artifactory-key", "AKCp", alnum, 69, 73),
    far("artifactory-token", "cmVmd", alnum, 59, 64),
    far("atlassian-token", "ATATT3", padded, 150, ANY),
    far("atlassian-token", "ATCTT3", padded, 150, ANY),
    sure("atlassian-token", "ATBB", alnum, 28, 40),
    far("buildkite-token", "bkua_", hex, 40, 40),
    far("circleci-token", "CCIPAT_", word, 50, ANY),
    far("circleci-token", "CCIPRJ_", word, 50, ANY),
    far("clojars-token", "CLOJARS_", alnum, 60, 60),
    far("codecov-token", "codecov_", hexdash, 36, 40),
    far("gitlab-token", "GR1348941", url64, 20, ANY),
    far("gitlab-token", "glagent-", url64, 50, ANY),
    far("gitlab-token", "gloas-", url64, 64, 64),
    far("gitlab-token", "glsoat-", url64, 20, ANY),
    far("gitlab-token", "glffct-", url64, 20, ANY),
    far("gitlab-token", "glft-", url64, 20, ANY),
    far("gitlab-token", "glimt-", url64, 20, ANY),
    far("gitlab-token", "glrtr-", dotted, 20, ANY),
    far("harness-token", "pat.", dotted, 68, 72),
    far("infracost-key", "ico-", alnum, 32, 32),
    sure("nuget-key", "oy2", lower, 43, 43),
    sure("octopus-key", "API-", upper, 26, 26),
    far("postman-key", "PMAK-", hexdash, 58, 60),
    far("prefect-key", "pnu_", alnum, 36, 36),
    sure("pulumi-token", "pul-", hex, 40, 40),
    far("rubygems-key", "rubygems_", hex, 48, 48),
    sure("sonar-token", "squ_", alnum, 40, 40),
    sure("sonar-token", "sqp_", alnum, 40, 40),
    sure("sonar-token", "sqa_", alnum, 40, 40),
    sure("sourcegraph-token", "sgp_", word, 40, 60),
    far("sourcegraph-token", "slk_", hex, 64, 64),
    far("snyk-token", "snyk_uat.", dotted, 30, ANY),
    // Models.
    far("groq-key", "gsk_", alnum, 52, 52),
    near("hugging-face-token", "api_org_", alnum, 34, 34),
    far("jina-key", "jina_", url64, 50, 70),
    far("langfuse-key", "sk-lf-", hexdash, 36, 36),
    far("langsmith-key", "lsv2_pt_", word, 40, 50),
    far("langsmith-key", "lsv2_sk_", word, 40, 50),
    far("nvidia-key", "nvapi-", url64, 60, 70),
    far("openrouter-key", "sk-or-v1-", hex, 64, 64),
    far("perplexity-key", "pplx-", alnum, 40, 56),
    far("pinecone-key", "pcsk_", word, 60, 80),
    sure("replicate-token", "r8_", alnum, 37, 40),
    far("wandb-key", "wandb_v1_", word, 40, ANY),
    far("xai-key", "xai-", alnum, 70, 90),
    // Payment and commerce.
    far("braintree-token", "access_token$production$", braintree, 49, 49),
    far("braintree-token", "access_token$sandbox$", braintree, 49, 49),
    sure("duffel-token", "duffel_test_", padded, 43, 43),
    sure("duffel-token", "duffel_live_", padded, 43, 43),
    sure("easypost-key", "EZAK", alnum, 54, 54),
    sure("easypost-key", "EZTK", alnum, 54, 54),
    far("flutterwave-key", "FLWSECK_TEST-", hexdash, 12, 36),
    far("flutterwave-key", "FLWSECK-", hexdash, 12, 36),
    sure("plaid-token", "access-sandbox-", hexdash, 36, 36),
    sure("plaid-token", "access-production-", hexdash, 36, 36),
    sure("plaid-token", "access-development-", hexdash, 36, 36),
    sure("razorpay-key", "rzp_live_", alnum, 14, 24),
    sure("shippo-token", "shippo_live_", hex, 40, 40),
    sure("shippo-token", "shippo_test_", hex, 40, 40),
    far("square-token", "sq0idp-", url64, 22, 22),
    far("stripe-key", "sk_prod_", alnum, 10, ANY),
    far("stripe-key", "rk_prod_", alnum, 10, ANY),
    far("stripe-key", "sk_org_", alnum, 20, ANY),
    sure("woocommerce-key", "ck_", hex, 40, 40),
    sure("woocommerce-key", "cs_", hex, 40, 40),
    // Messages and mail.
    sure("facebook-token", "EAAC", alnum, 90, ANY),
    sure("facebook-token", "EAAM", alnum, 90, ANY),
    far("mailgun-key", "pubkey-", hex, 32, 32),
    sure("plivo-id", "MA", upper, 18, 18),
    far("sendinblue-key", "xkeysib-", dash, 70, 90),
    sure("typeform-token", "tfp_", padded, 40, 64),
    sure("twitter-token", "AAAAAAAAAAAAAAAAAAAA", percent, 80, 110),
    // Monitoring and data.
    sure("airtable-token", "pat", dotted, 79, 79),
    sure("clickhouse-key", "4b1d", alnum, 38, 38),
    sure("clickup-key", "pk_", word, 40, 44),
    far("databricks-token", "dkea", hex, 32, 32),
    far("dynatrace-token", "dt0c01.", dotted, 80, 100),
    far("dynatrace-token", "dt0s01.", dotted, 80, 100),
    sure("grafana-token", "glc_", base64, 32, ANY),
    sure("grafana-token", "glsa_", word, 41, 41),
    sure("grafana-token", "eyJrIjoi", base64, 60, ANY),
    far("new-relic-key", "NRAK-", alnum, 27, 27),
    far("new-relic-key", "NRII-", url64, 32, 32),
    far("new-relic-key", "NRJS-", hex, 19, 19),
    far("planetscale-token", "pscale_tkn_", padded, 32, 64),
    far("planetscale-token", "pscale_oauth_", padded, 28, 64),
    far("planetscale-token", "pscale_pw_", padded, 32, 64),
    far("posthog-key", "phx_", alnum, 40, 48),
    far("readme-key", "rdme_", alnum, 70, 70),
    far("sentry-token", "sntrys_eyJ", base64, 60, ANY),
    far("sentry-token", "sntryu_", hex, 64, 64),
    far("settlemint-token", "sm_aat_", alnum, 16, 16),
    far("settlemint-token", "sm_pat_", alnum, 16, 16),
    far("settlemint-token", "sm_sat_", alnum, 16, 16),
    // Secret stores, sign-in and the rest.
    far("1password-token", "ops_eyJ", base64, 100, ANY),
    sure("adobe-secret", "p8e-", alnum, 32, 32),
    sure("authress-key", "sc_", dotted, 60, 120),
    far("defined-networking-token", "dnkey-", padded, 70, 90),
    far("doppler-token", "dp.pt.", alnum, 40, 44),
    far("doppler-token", "dp.st.", dotted, 40, 60),
    far("doppler-token", "dp.sa.", alnum, 40, 44),
    far("doppler-token", "dp.ct.", alnum, 40, 44),
    far("doppler-token", "dp.scim.", alnum, 40, 44),
    far("doppler-token", "dp.audit.", alnum, 40, 44),
    far("frame-io-token", "fio-u-", padded, 60, 68),
    far("intra42-secret", "s-s4t2ud-", hex, 64, 64),
    far("intra42-secret", "s-s4t2af-", hex, 64, 64),
    far("kolide-key", "k2sk_v1_", alnum, 24, 24),
    sure("onfido-token", "api_live", dotted, 30, ANY),
    sure("onfido-token", "api_sandbox", dotted, 30, ANY),
    sure("vault-token", "hvs.", url64, 24, ANY),
    sure("vault-token", "hvb.", url64, 100, ANY),
    sure("vault-token", "hvr.", url64, 24, ANY),
];
