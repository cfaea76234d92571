//! Texts that redaction must leave alone.

use super::redact;

fn assert_clean(texts: &[&str]) {
    let mut touched = Vec::new();
    for text in texts {
        let result = redact(text);
        if result.text != *text || !result.removed.is_empty() {
            touched.push(format!("{text}\n  -> {}", result.text));
        }
    }
    assert!(touched.is_empty(), "{}", touched.join("\n"));
}

#[test]
fn prompts_and_commands_stay() {
    assert_clean(&[
        "",
        "Please fix the login page, the password: it must be strong.",
        "The token is missing from the request; check the secret handling.",
        "the password is required and the secret is shared between services",
        "Add a `--password` option that reads the value from stdin",
        "use --token together with --user to log in",
        "git push -u origin feature/add-password-reset-to-user-settings-page",
        "git show 3f786850e387550fdab836ed7e6dc881de23001b",
        "commit e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "docker run -u 1000:1000 -v /var/lib/data:/data image:1.2.3-alpine",
        "curl -u \"$USER:$PASS\" https://example.com/api",
        "curl -sSL https://example.com/install.sh | sh -s -- --yes",
        "cd /Users/alice/Library/Developer/Xcode/DerivedData/MyApp2-build/Products",
        "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/TemporaryItems",
        "cargo test --workspace --all-features -- redact::tests::password_is_kept",
        "kubectl get secret my-tls-secret -o yaml",
        "the file starts with -----BEGIN RSA PRIVATE KEY----- and then the base64 follows",
        "see https://github.com/SomeOrg/SomeRepo2Name/blob/main/src/lib/Token2Parser.rs",
        "https://example.com:8080/@scope/package",
        "git clone git@github.com:org/repo.git && npm install @types/node@20.11.5",
        "ssh://git@github.com:22/org/repo",
        "mask-image: url(#sk-cube-grid-animation-fade-dot-circle)",
        "class=\"sk-circle-fade-dot-bouncing-delay\"",
        "a task-based-risk-management-for-disk-and-desk-tasks",
        "Use `Bearer` tokens. Send the Bearer token in the Authorization header.",
        "Authorization: Bearer <your-token>",
        "Authorization: Bearer $TOKEN",
        "-H \"Authorization: Bearer ${API_TOKEN}\"",
        "headers['Authorization'] = 'Bearer ' + accessToken",
        "headers: { Authorization: `Bearer ${token}` }",
        "Authorization: Bearer tokens are checked by the middleware",
        "basic authentication and bearer authentication are both supported",
        "the auth: should it use OAuth2 or a session cookie?",
        "Password: Minimum 8 characters",
        "token: should be refreshed when it expires",
        "Meeting at 2024-10-22T10:15:30.123456789Z, export 20241022T101530Z.parquet",
        "use claude-3-5-sonnet-20241022 or gpt-4o-mini-2024-07-18",
        "postgres://user:${DB_PASSWORD}@localhost/db",
        "postgres://user:<password>@host/db and https://user:$PASS@host/",
        "redis://localhost:6379/0",
        "mysql -u root -p mydb < dump.sql",
        "id 550e8400-e29b-41d4-a716-446655440000 and A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
        "日本語のテキスト、パスワード: 変更してください。",
        "der Token: läuft ab, das Passwort ist geheim",
        "I passed 12 tests, pass: 120000 fail: 3",
        "PWD=/home/alice/projects/app OLDPWD=/tmp/some-directory",
        "export TOKEN=$(gh auth token)",
        "export GITHUB_TOKEN=${{ secrets.GITHUB_TOKEN }}",
        "TOKEN=\"$(cat token.txt)\" ./run.sh",
        "PASSWORD=changeme docker compose up",
        "API_KEY=your-api-key-here",
        "OPENAI_API_KEY=sk-...",
        "set ANTHROPIC_API_KEY=sk-ant-your-key-here in the .env file",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "xoxb-your-token-here",
        "the kind is `[redacted:github-token]` and `password = [redacted:password]`",
        "x=[redacted:password]: foobar9",
    ]);
}

#[test]
fn code_stays() {
    assert_clean(&[
        "let token: String = String::new();",
        "pub struct Login { password: String, token: Option<String> }",
        "struct A {\n    password: SecretString,\n    api_key: ApiKey2,\n}",
        "fn check(password: &str, token: &Token) -> bool {",
        "const password = getPassword();",
        "const token = await fetchToken(user);",
        "password = os.environ[\"DB_PASSWORD\"]",
        "password = os.environ.get('DB_PASSWORD')",
        "const secret = process.env.CLIENT_SECRET;",
        "apiKey: process.env.OPENAI_API_KEY,",
        "secret: import.meta.env.VITE_SECRET_VALUE",
        "self.password = password",
        "this.token = refreshToken2;",
        "token = response.data.access_token",
        "connect(host=host, password=password, token=auth_token)",
        "connect(user=user, password=settings.database_password)",
        "password = None",
        "{\"password\": null, \"token\": undefined, \"secret\": false}",
        "if (token === undefined || token !== expectedToken) return;",
        "max_tokens: 100000, token_count = 123456789",
        "\"max_tokens\": 4096000, \"total_tokens\": 12345678",
        "tokenizer = \"bert-base-uncased-whole-word-masking\"",
        "\"password\": \"Password is required\",",
        "\"token\": \"The token has expired, please log in again\"",
        "password_field = \"user_password_input\"",
        "token_url: \"https://auth.example.com/oauth2/token\"",
        "secretName: my-tls-cert-production",
        "secret_name = \"projects-prod-db2-credentials\"",
        "passwordInput.value = document.getElementById('password-input')",
        "<input type=\"password\" name=\"password\" placeholder=\"Password\">",
        "<label for=\"password\">Password</label>",
        "type: password",
        "match token { Token::Comma => self.next_token(), _ => return }",
        "token => parse_statement(token)",
        "enum Kind { Secret = 123456 }",
        "secrets: inherit",
        "token: ${{ secrets.NPM_TOKEN }}",
        "password: \"{{ vault_db_password }}\"",
        "password: !secret db_password",
        "private_key: /etc/ssl/private/server.key",
        "private_key = \"./certs/server.pem\"",
        "key_file: ~/.ssh/id_ed25519",
        "author: Somebody Important",
        "authority = \"example.com:8080\"",
        "auth: basic",
        "\"auth\": \"oauth2\",",
        "public_token = \"pk_some_publishable_value\"",
        "getUserAccountByIdAndTenantName2WithRetries()",
        "base64ToUtf8StringConverterV2AndBack",
        "XMLHttpRequestEventTargetPrototype2Polyfill",
        "test_that_a_very_long_snake_case_name_with_2_numbers_passes",
        "MAX_RETRY_COUNT_FOR_HTTP2_CONNECTIONS_BEFORE_FAIL",
        "src/components/UserProfile/UserProfileCard2/index.tsx",
        "node_modules/.pnpm/react-dom@18.2.0_react@18.2.0/node_modules/react-dom",
        "core::fmt::Formatter::pad::h1a2b3c4d5e6f7a8b _ZN4core3fmt9Formatter3pad17h1a2b3c4d5e6f7a8bE",
        "target/debug/deps/my_crate-1a2b3c4d5e6f7a8b",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "--------------------------------------------------",
        "====================================================",
    ]);
}

#[test]
fn public_data_stays() {
    assert_clean(&[
        "\"integrity\": \"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"",
        "integrity=\"sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC\"",
        "golang.org/x/text v0.3.7 h1:olpwvP2KacW1ZWvsR7uQoYCVHxpTT3MBNIjm3cdSKKg=",
        "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8 github.com",
        "hash = \"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\";",
        "docker.io/library/alpine@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me@host",
        "<img src=\"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==\">",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ2x5k0P8v9W7c1nTzR4uYbJ6hE4wCgYIKoZIzj0EAwIw\nDzENMAsGA1UEAwwEdGVzdDAeFw0yNDAxMDEwMDAwMDBaFw0zNDAxMDEwMDAwMDBa\n-----END CERTIFICATE-----",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "checksum = \"a26fbc0a1c9e4d5b8f7e6d3c2b1a0987f6e5d4c3b2a19081726354435261708f\"",
    ]);
}
