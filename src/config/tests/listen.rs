//! Where readers connect, and with which certificates.

use super::*;

#[test]
fn readers_may_connect_at_several_places() {
    let listen = |text: &str| Config::parse(text).unwrap().listen;
    let at = |address: &str| Listen::At(address.parse().unwrap());
    assert_eq!(listen(""), [at("127.0.0.1:7373")]);
    assert_eq!(listen("listen = \" [::1]:80 \""), [at("[::1]:80")]);
    let socket = Listen::Unix("http.sock".into());
    assert_eq!(listen("listen = \"unix:http.sock\""), [socket]);
    let several = Config::parse(SEVERAL).unwrap();
    let socket = Listen::Unix("/run/tidings/http.sock".into());
    assert_eq!(
        several.listen,
        [at("0.0.0.0:443"), at("[::1]:8443"), socket]
    );
    assert_eq!(several.check(), Ok(()));
    let shown = several.to_toml().unwrap();
    assert!(shown.contains("unix:/run/tidings/http.sock"), "{shown}");

    let check = check_refused;
    check(
        "listen = []",
        "1:10: nobody could connect: expected at least one place",
    );
    check(
        "listen = [\"127.0.0.1:80\", \"here\"]",
        "1:27: `here` is not an address and a port: expected for example",
    );
    check(
        "listen = [\"127.0.0.1:80\", 80]",
        "1:27: invalid type: integer `80`, expected a text",
    );
    check(
        "listen = \"unix:\"",
        "1:10: `unix:` is not an address and a port: expected for example 127.0.0.1:7373 or \
         [::1]:7373, or a socket's path such as unix:/run/tidings/http.sock",
    );
    check("listen = true", "1:10: ");
}

#[test]
fn certificates_come_with_their_keys() {
    let tls = Config::parse(SEVERAL).unwrap().tls.unwrap();
    let pairs = tls.pairs();
    let names = pairs
        .iter()
        .map(|(cert, key)| (cert.to_str().unwrap(), key.to_str().unwrap()));
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            ("/etc/tidings/fullchain.pem", "/etc/tidings/privkey.pem"),
            ("other.pem", "other-key.pem"),
            ("third.pem", "third-key.pem"),
        ]
    );
    assert_eq!(tls.redirect_listen, Some("0.0.0.0:80".parse().unwrap()));
    assert_eq!(Config::parse("").unwrap().tls, None);

    let check = check_refused;
    check("[tls]\ncert = \"a.pem\"", "1:1: missing field `key`");
    check("[tls]\nkey = \"a.pem\"", "1:1: missing field `cert`");
    check(
        "[tls]\ncert = \"\"\nkey = \"b\"",
        "2:8: that is not the name of a file: expected for example /etc/tidings/key.pem",
    );
    check(
        "[tls]\ncert = 1\nkey = \"b\"",
        "2:8: invalid type: integer `1`, expected the name of a file",
    );
    check(
        "[tls]\ncert = \"a\"\nkey = \"b\"\nmore = [{ cert = \"c\" }]",
        "4:9: missing field `key`",
    );
    check(
        "[tls]\ncert = \"a\"\nkey = \"b\"\nmore = [{ cert = \"c\", kay = \"d\" }]",
        "4:23: unknown key `kay`: did you mean `key`?",
    );
    check(
        "[tls]\ncert = \"a\"\nkey = \"b\"\nredirect_listen = \"80\"",
        "4:19: `80` is not an address and a port",
    );
    check(
        "[tls]\ncertificate = \"a\"",
        "2:1: unknown key `certificate`: expected one of `cert`, `key`, `redirect_listen`, `more`",
    );
    check(
        "cert = \"a.pem\"",
        "1:1: unknown key `cert`: `cert` belongs below `[tls]`",
    );
}

#[test]
fn listeners_and_certificates_must_go_together() {
    let check = |text: &str, expected: Result<(), &str>| {
        let result = Config::parse(text).unwrap().check();
        let result = result.map_err(|error| error.to_string());
        assert_eq!(result, expected.map_err(str::to_owned), "{text}");
    };
    let tls = "[tls]\ncert = \"a\"\nkey = \"b\"\n";
    check(tls, Ok(()));
    check(
        "listen = [\"127.0.0.1:0\", \"127.0.0.1:0\", \"[::1]:80\", \"127.0.0.1:80\"]",
        Ok(()),
    );
    let twice = |place: &str| {
        format!(
            "two readers' listeners are at {place}: name each place once, and give \
             `tls.redirect_listen` one of its own"
        )
    };
    check(
        "listen = [\"[::1]:80\", \"127.0.0.1:80\", \"[0::1]:80\"]",
        Err(&twice("[::1]:80")),
    );
    check(
        "base_url = \"https://a.example\"\nlisten = [\"unix:/a\", \"unix:/a\"]",
        Err(&twice("unix:/a")),
    );
    check(
        &format!(
            "base_url = \"https://a.example\"\nlisten = \"0.0.0.0:443\"\n{tls}\
             redirect_listen = \"0.0.0.0:443\""
        ),
        Err(&twice("0.0.0.0:443")),
    );
    check(
        "listen = [\"127.0.0.1:80\", \"127.0.0.1:81\"]\nadmin_listen = \"127.0.0.1:81\"",
        Err(
            "`listen` and `admin_listen` are both 127.0.0.1:81: give `admin_listen` another place, or auto",
        ),
    );
    check(
        "base_url = \"https://a.example\"\nlisten = \"unix:/a\"\nadmin_listen = \"unix:/a\"",
        Err(
            "`listen` and `admin_listen` are both unix:/a: give `admin_listen` another place, or auto",
        ),
    );
    check(
        "base_url = \"https://a.example\"\nlisten = \"unix:/a\"\nadmin_listen = \"unix:/b\"",
        Ok(()),
    );
    check(
        &format!("{tls}redirect_listen = \"127.0.0.1:80\""),
        Err("`tls.redirect_listen` needs `base_url`: that is where it sends everybody"),
    );
    check(
        &format!("base_url = \"http://a.example/news\"\n{tls}"),
        Err("`[tls]` is set, but `base_url` begins with http: expected https://a.example/news/"),
    );
    let public = Config::parse("listen = [\"127.0.0.1:80\", \"unix:/a\"]").unwrap();
    let error = public.check().unwrap_err().to_string();
    assert!(
        error.starts_with("listening on unix:/a, which others can reach"),
        "{error}"
    );
}

#[test]
fn without_a_public_address_the_site_is_at_a_listener() {
    let base = |text: &str, address: Option<&str>| {
        let address = address.map(|address| address.parse().unwrap());
        Config::parse(text).unwrap().local_base_url(address)
    };
    assert_eq!(base("", None), "http://127.0.0.1:7373/");
    assert_eq!(base("", Some("127.0.0.1:9")), "http://127.0.0.1:9/");
    let tls = "listen = \"[::1]:443\"\n[tls]\ncert = \"a\"\nkey = \"b\"";
    assert_eq!(base(tls, None), "https://[::1]:443/");
}
