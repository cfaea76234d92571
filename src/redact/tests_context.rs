//! Credentials known by where they stand. `@` in a case is the place of the credential.

use super::redact;

/// `(kind, text with @ for the credential, credential)`.
fn assert_context(cases: &[(&str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (kind, text, secret) in cases {
        let input = text.replace('@', secret).replace('§', "@");
        let wanted = text.replace('@', &format!("[redacted:{kind}]")).replace('§', "@");
        let result = redact(&input);
        let again = redact(&result.text);
        if result.text != wanted || again.text != wanted || !again.removed.is_empty() {
            wrong.push(format!(
                "{input}\n  -> {}\n  not {wanted}\n  again {}",
                result.text, again.text
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const PW: &str = concat!("hunter2", "secret");
const KEY: &str = concat!("f81d4fae", "7dec11d0", "a76500a0", "c91e6bf6");

#[test]
fn names_and_values() {
    assert_context(&[
        ("password", "password = \"@\"", PW),
        ("password", "password='@'", PW),
        ("password", "password=@", PW),
        ("password", "password: @", PW),
        ("password", "password: @", concat!("hunter", "pass")),
        ("password", "db:\n  user: app\n  password: @\n  port: 5432", PW),
        ("password", "{\"user\":\"a\",\"password\":\"@\",\"x\":1}", PW),
        ("password", "{\\\"password\\\": \\\"@\\\"}", PW),
        ("password", "DB_PASSWORD=@\nNEXT=1", PW),
        ("password", "export PGPASSWORD=@; psql", PW),
        ("password", "export MYSQL_PWD='@' && run", concat!("p#ss", " wo;rd1")),
        ("password", "spring.datasource.password=@", PW),
        ("password", "const dbPassword: string = '@';", PW),
        ("password", "String password = \"@\";", PW),
        ("password", "let password: &str = \"@\";", PW),
        ("password", "config[\"password\"] = \"@\"", PW),
        ("password", ":password => \"@\"", PW),
        ("password", "<password>@</password>", PW),
        ("password", "passphrase: \"@\"", "correct horse battery staple"),
        ("password", "Server=db;User Id=sa;Password=@;Encrypt=true", PW),
        ("password", "jdbc:mysql://host/db?user=x&password=@&ssl=1", PW),
        ("password", "mysql --password @ mydb", PW),
        ("password", "mysql --password=@ mydb", PW),
        ("password", "- name: DB_PASSWORD\n  value: \"@\"\n", PW),
        ("password", "ALTER USER app WITH PASSWORD '@';", PW),
        ("password", "CREATE USER 'a'§'h' IDENTIFIED BY '@';", PW),
        ("password", "#define WIFI_PASSWORD \"@\"", PW),
        ("password", "my password is @, please log in", PW),
        ("password", "password = \"@\"", "12345678"),
        ("password", "pass: '@'", "s3cr3tPa55"),
        ("secret", "client_secret: \"@\"", KEY),
        ("secret", "SECRET_KEY_BASE=@", KEY),
        ("secret", "clientSecret = '@'", "Ab1~Cd2.Ef3_Gh4"),
        ("token", "auth_token = \"@\"", KEY),
        ("token", "?access_token=@&page=2", KEY),
        ("token", "//registry.npmjs.org/:_authToken=@", KEY),
        ("token", "localStorage.setItem(\"token\", \"@\")", KEY),
        ("token", "{token: '@'}", "abc-123-def-456"),
        ("api-key", "X-Api-Key: @", KEY),
        ("api-key", "apiKey: \"@\",", KEY),
        ("api-key", "--api-key @", KEY),
        ("api-key", "api_key=@", KEY),
        ("api-key", "SERVICE_ACCESS_KEY=@", KEY),
        ("private-key", "private_key = \"@\"", KEY),
        ("auth-token", "_auth = \"@\"", KEY),
    ]);
}

#[test]
fn aws_secret_keys() {
    let secret = ["wJalrXUtnFEMI", "K7MDENG", "bPxRfiCYEXAMPLEKEY"].join("/");
    assert_context(&[
        ("aws-secret-key", "aws_secret_access_key = @", &secret),
        ("aws-secret-key", "AWS_SECRET_ACCESS_KEY=@", &secret),
        ("aws-secret-key", "{\"SecretAccessKey\": \"@\"}", &secret),
    ]);
}

#[test]
fn headers_and_commands() {
    let basic = concat!("dXNlcjpw", "YXNzd29yZA==");
    assert_context(&[
        ("bearer-token", "Authorization: Bearer @", "xyz"),
        ("bearer-token", "curl -H 'Authorization: Bearer @' https://x.io", KEY),
        ("bearer-token", "{\"authorization\": \"Bearer @\"}", KEY),
        ("bearer-token", "{\\\"Authorization\\\": \\\"bearer @\\\"}", KEY),
        ("bearer-token", "headers.set(\"Authorization\", \"Bearer @\")", KEY),
        ("bearer-token", "it sends Bearer @ there", KEY),
        ("basic-auth", "Authorization: Basic @", basic),
        ("basic-auth", "Proxy-Authorization: Basic @\r\nHost: x", basic),
        ("auth-token", "Authorization: token @", KEY),
        ("auth-token", "Authorization: @", KEY),
        ("api-key", "Authorization: ApiKey @", KEY),
        ("basic-auth", "curl -u user:@ https://example.com", "pw"),
        ("basic-auth", "curl -s \\\n  --user 'me:@' https://example.com", "p w:x"),
        ("basic-auth", "curl -X POST --user=me:@ https://example.com", "pw1"),
    ]);
}

#[test]
fn addresses() {
    let services = format!("T012ABCDE/B045FGHIJ/{}", &KEY[..24]);
    let signature = concat!("3d%2BqT9vXy", "0Zk4LmN8pRs6UwA1bCeF7", "hJ2oQiGtYxV%3D");
    let account = "Ab3+Cd/4".repeat(11);
    assert_context(&[
        ("connection-string", "postgres://user:@§host/db", "pw"),
        (
            "connection-string",
            "DATABASE_URL=\"postgresql://app:@§db.example.com:5432/x\"",
            "s3cret",
        ),
        ("connection-string", "mongodb+srv://me:@§cluster0.mongodb.net", "p%40ss"),
        ("connection-string", "redis://:@§localhost:6379/0", PW),
        ("connection-string", "amqp://a:@§h:5672/%2f", "p/w#1"),
        ("connection-string", "https://me:@§github.com/o/r.git", "pw"),
        ("connection-string", "mysql://root:@§h/a and ftp://x.org", "pa:ss"),
        ("slack-webhook", "https://hooks.slack.com/services/@", &services),
        (
            "discord-webhook",
            "https://discord.com/api/webhooks/123456789012345678/@",
            &KEY.repeat(2),
        ),
        ("azure-storage-key", "AccountName=x;AccountKey=@;EndpointSuffix=core", &(account + "==")),
        ("azure-sas", "https://x.blob.core.windows.net/c?sv=2022-11-02&sig=@&se=2030", signature),
    ]);
}

#[test]
fn private_keys() {
    let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
    for label in [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "DSA PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
    ] {
        for newline in ["\n", "\r\n", "\\n", "\\r\\n", "\n    ", " ", "\\\\n", "\n+", "\n> "] {
            let begin = format!("{}{label}-----", concat!("-----BEG", "IN "));
            let end = format!("{}{label}-----", concat!("-----E", "ND "));
            let body = [line, line, "Zm9vYmFy", "ab=="].join(newline);
            let whole = format!("key: \"{begin}{newline}{body}{newline}{end}\" rest");
            assert_eq!(redact(&whole).text, "key: \"[redacted:private-key]\" rest", "{whole}");
            let cut = format!("{begin}{newline}{line}{newline}{line}{newline}");
            let result = redact(&cut);
            assert!(result.text.starts_with("[redacted:private-key]"), "{cut}");
            assert!(!result.text.contains(&line[..8]), "{}", result.text);
            assert_eq!(redact(&result.text).text, result.text);
        }
    }
    let cut = format!(
        "{}\n{line}\n{line}\nPlease fix this.",
        concat!("-----BEGIN RSA PRIV", "ATE KEY-----")
    );
    assert_eq!(redact(&cut).text, "[redacted:private-key]\nPlease fix this.");
    let headers = format!(
        "{}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{line}\n{line}",
        concat!("-----BEGIN RSA PRIV", "ATE KEY-----")
    );
    assert_eq!(redact(&headers).text, "[redacted:private-key]");
    let ssh2 = format!(
        "{}\n{line}\n{line}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
        concat!("---- BEGIN SSH2 ENCRYPTED PRIV", "ATE KEY ----")
    );
    assert_eq!(redact(&ssh2).text, "[redacted:private-key]");
    let putty = format!("Private-Lines: 2\n{line}\n{line}\nPrivate-MAC: {}", &KEY[..20]);
    assert_eq!(
        redact(&putty).text,
        format!("Private-Lines: 2\n[redacted:private-key]\nPrivate-MAC: {}", &KEY[..20])
    );
}

#[test]
fn counts_and_mixed_texts() {
    let text = format!(
        "password = \"{PW}\"\nAuthorization: Bearer {KEY}\nPASSWORD={PW}\npassword = \"a {}{} b\"",
        concat!("gh", "p_"),
        "a1".repeat(18)
    );
    let result = redact(&text);
    assert_eq!(
        result.text,
        "password = \"[redacted:password]\"\nAuthorization: Bearer [redacted:bearer-token]\n\
         PASSWORD=[redacted:password]\npassword = \"a [redacted:github-token] b\""
    );
    let removed: Vec<(&str, u32)> = result.removed.iter().map(|(k, n)| (k.as_str(), *n)).collect();
    assert_eq!(removed, [("bearer-token", 1), ("github-token", 1), ("password", 2)]);
}

#[test]
fn commands_and_files_of_single_programs() {
    assert_context(&[
        ("password", "sshpass -p @ ssh me§host", PW),
        ("password", "machine x login y password @", PW),
        ("connection-string", "root:@§tcp(127.0.0.1:3306)/db", PW),
        ("basic-auth", "requests.get(url, auth=(\"me\", \"@\"))", PW),
        ("password", "  password: @", concat!("Sup3rS3", "cret!")),
        ("secret", "secret: @", concat!("aHVudG", "VyMg==")),
        ("password", "DATABASE_PASSWORD=${DB_PASSWORD:@}", concat!("-hunter2", "secret")),
    ]);
}

#[test]
fn commands_in_escaped_strings() {
    assert_context(&[("basic-auth", "{\"code\": \"get(url, auth=(\\\"me\\\", \\\"@\\\"))\"}", PW)]);
}
