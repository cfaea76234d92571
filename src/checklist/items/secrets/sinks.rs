//! Calls that take a credential: which argument it is.

/// The end of a callee's name, and which of its arguments is the credential, from 0.
#[rustfmt::skip]
const SINKS: &[(&str, usize)] = &[
    // Signing and encryption.
    ("jwt.sign", 1), ("jwt.verify", 1), ("jwt.encode", 1), ("jwt.decode", 1),
    ("jsonwebtoken.sign", 1), ("jsonwebtoken.verify", 1), ("createhmac", 1), ("createcipher", 1),
    ("createcipheriv", 1), ("createdecipher", 1), ("createdecipheriv", 1), ("createsecretkey", 0),
    ("hmac.new", 0), ("hmac.digest", 0), ("signedstring", 0), ("aes.newcipher", 0),
    ("des.newcipher", 0), ("des.newtripledescipher", 0), ("rc4.newcipher", 0),
    ("blowfish.newcipher", 0), ("chacha20poly1305.new", 0), ("chacha20poly1305.newx", 0),
    ("secretkeyspec", 0), ("pbekeyspec", 0), ("deskeyspec", 0), ("desedekeyspec", 0),
    ("algorithm.hmac256", 0), ("algorithm.hmac384", 0), ("algorithm.hmac512", 0), ("signwith", 1),
    ("setsigningkey", 0), ("hmacshakeyfor", 0), ("hash_hmac", 2), ("openssl_encrypt", 2),
    ("openssl_decrypt", 2), ("fernet", 0), ("aes.new", 0), ("des.new", 0), ("des3.new", 0),
    ("arc4.new", 0), ("blowfish.new", 0), ("chacha20.new", 0), ("arc2.new", 0), ("cast.new", 0),
    ("salsa20.new", 0), ("algorithms.aes", 0), ("algorithms.tripledes", 0),
    ("algorithms.blowfish", 0), ("algorithms.arc4", 0), ("urlsafetimedserializer", 0),
    ("urlsafeserializer", 0), ("timedserializer", 0), ("timedjsonwebsignatureserializer", 0),
    ("timestampsigner", 0), ("messageencryptor.new", 0), ("messageverifier.new", 0),
    ("hmac.hexdigest", 1), ("hmac.digest", 1), ("pkey::rsa.new", 1), ("rsa.new", 1), ("to_pem", 1),
    ("export", 1), ("symmetricsecuritykey", 0), ("passwordderivebytes", 0),
    ("rfc2898derivebytes", 0), ("hmacsha256", 0), ("hmacsha512", 0), ("hmacsha1", 0),
    ("hmacmd5", 0), ("createencryptor", 0), ("createdecryptor", 0), ("newcookiestore", 0),
    ("newfilesystemstore", 1), ("securecookie.new", 0), ("cookieparser", 0), ("aes.encrypt", 1),
    ("aes.decrypt", 1), ("des.encrypt", 1), ("des.decrypt", 1), ("tripledes.encrypt", 1),
    ("rabbit.encrypt", 1), ("rc4.encrypt", 1), ("cryptojs.hmacsha256", 1),
    ("cryptojs.hmacsha512", 1), ("cryptojs.hmacsha1", 1), ("encodingkey::from_secret", 0),
    ("decodingkey::from_secret", 0), ("encodingkey::from_base64_secret", 0),
    ("new_from_slice", 0), ("jose.jwt.encode", 1), ("signsync", 1), ("keystore.load", 1),
    ("setkeyentry", 2), ("keystore.passwordprotection", 0), ("passwordprotection", 0),
    // Signing in.
    ("passwordauthentication", 1), ("drivermanager.getconnection", 2), ("setpassword", 0),
    ("setsecret", 0), ("setsecretkey", 0), ("setapikey", 0), ("setapitoken", 0),
    ("setaccesstoken", 0), ("setclientsecret", 0), ("withpassword", 0), ("setpass", 0),
    ("basicawscredentials", 1), ("basicsessioncredentials", 1), ("awsbasiccredentials.create", 1),
    ("newstaticcredentials", 1), ("newstaticcredentialsprovider", 1), ("setbasicauth", 1),
    ("basicauth", 1), (".auth", 1), ("httpbasicauth", 1), ("httpdigestauth", 1),
    ("httpproxyauth", 1), ("aiohttp.basicauth", 1), ("basic_auth", 1), ("plainauth", 2),
    ("ftp", 2), ("smtp.login", 1), ("server.login", 1), ("ftp.login", 1), ("imap.login", 1),
    ("mysql_connect", 2), ("mysqli_connect", 2), ("mysqli", 2), ("pdo", 2), ("pg_connect", 2),
    ("oci_connect", 1), ("ldap_bind", 2), ("ftp_login", 2), ("ssh2_auth_password", 2),
    ("simple_bind_s", 1), ("password_verify", 0), ("networkcredential", 1),
    ("clientcredential", 1), ("clientsecretcredential", 2), ("usernamepasswordcredentials", 1),
    ("usernamepasswordcredential", 1), ("usernamepasswordauthenticationtoken", 1),
    ("usernamepasswordtoken", 1), ("jedis.auth", 0), ("loginwithusernamepassword", 1),
    ("loginwithserviceprincipalsecret", 1), ("digitalocean.client", 0), ("sshpassword", 0),
    ("ssh.password", 0), ("pymysql.connect", 2), ("mysqldb.connect", 2), ("withcredentials", 1),
];

/// Whether this argument of a call is a credential.
pub fn takes(callee: &str, at: usize) -> bool {
    let name: String =
        callee.chars().filter(|c| !c.is_whitespace() && !"\"'()".contains(*c)).collect();
    let name = name.to_ascii_lowercase().replace("::<sha256>", "").replace("->", ".");
    SINKS.iter().filter(|(_, argument)| *argument == at).any(|(sink, _)| {
        let Some(head) = name.strip_suffix(sink) else {
            return false;
        };
        sink.starts_with('.') || !head.ends_with(|c: char| c.is_alphanumeric() || c == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callee_is_known_by_the_end_of_its_name() {
        assert!(takes("crypto.createHmac", 1) && takes("createHmac", 1));
        assert!(takes("javax.crypto.spec.SecretKeySpec", 0));
        assert!(!takes("crypto.createHmac", 0) && !takes("notjwt.sign", 1) && !takes("sign", 1));
    }
}
