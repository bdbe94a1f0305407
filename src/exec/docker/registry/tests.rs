//! A registry in miniature: what it was asked, and what it answers.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::*;

/// A request: its first line, what it is authorized by, its body.
type Asked = (String, String, String);

/// What is answered to a request.
type Answers = Box<dyn Fn(&Asked) -> String + Send>;

struct Fake {
    host: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Fake {
    fn start(answers: impl FnOnce(&str) -> Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (answers, asked) = (answers(&host), Arc::new(Mutex::new(Vec::new())));
        let noted = asked.clone();
        // It ends with the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let request = read(&stream);
                let answer = answers(&request);
                noted.lock().unwrap().push(request);
                (&stream).write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { host, asked }
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn read(stream: &TcpStream) -> Asked {
    let mut lines = BufReader::new(stream);
    let (mut first, mut authorization, mut length) = (String::new(), String::new(), 0);
    lines.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("authorization") => authorization = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().unwrap(),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).unwrap();
    let path = first.trim().trim_end_matches(" HTTP/1.1").to_owned();
    (path, authorization, String::from_utf8(body).unwrap())
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn linux(architecture: &str, variant: &str) -> Platform {
    Platform { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: variant.to_owned() }
}

fn entry(digest: &Digest, os: &str, architecture: &str, variant: &str) -> String {
    let variant = if variant.is_empty() { String::new() } else { format!(",\"variant\":\"{variant}\"") };
    format!("{{\"digest\":\"{digest}\",\"platform\":{{\"os\":\"{os}\",\"architecture\":\"{architecture}\"{variant}}}}}")
}

fn index(entries: &[String]) -> String {
    format!("{{\"schemaVersion\":2,\"manifests\":[{}]}}", entries.join(","))
}

const MANIFEST: &str = "{\"schemaVersion\":2,\"config\":{}}";

/// A registry that has these contents for everybody.
fn open(contents: Vec<String>) -> Fake {
    Fake::start(|_| {
        let by_path: BTreeMap<String, String> = contents
            .into_iter()
            .map(|content| (format!("GET /v2/team/tool/manifests/{}", Digest::of(&content)), content))
            .collect();
        Box::new(move |(path, _, _)| match by_path.get(path) {
            Some(content) => answer("200 OK", "", content),
            None => answer("404 Not Found", "", "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\"}]}"),
        })
    })
}

async fn ask(
    fake: &Fake,
    digest: Digest,
    platform: &Platform,
    login: Option<DockerCredentials>,
) -> Result<Digest, Error> {
    let name = format!("{}/team/tool:1", fake.host).parse().unwrap();
    Registries::new(Vec::new()).manifest(&name, digest, platform, login, 0).await
}

#[tokio::test]
async fn the_manifest_of_the_platform_is_found() {
    let [arm, amd, wine, v6, v7] = ["arm", "amd", "wine", "v6", "v7"].map(Digest::of);
    let many = index(&[
        entry(&arm, "linux", "arm64", "v8"),
        entry(&wine, "windows", "amd64", ""),
        entry(&Digest::of("attestation"), "unknown", "unknown", ""),
        entry(&amd, "linux", "amd64", ""),
        entry(&v6, "linux", "arm", "v6"),
        entry(&v7, "linux", "arm", "v7"),
    ]);
    let outer = index(&[entry(&Digest::of(&many), "linux", "amd64", "")]);
    let manifest = Digest::of(MANIFEST);
    let top = index(&[entry(&manifest, "linux", "amd64", "")]);
    let fake = open(vec![many.clone(), outer.clone(), top.clone(), MANIFEST.to_owned()]);
    let of = async |text: &str, platform: &Platform| ask(&fake, Digest::of(text), platform, None).await;

    assert_eq!(of(MANIFEST, &linux("amd64", "")).await.unwrap(), manifest);
    assert_eq!(of(&top, &linux("amd64", "")).await.unwrap(), manifest);
    // Not for this platform, and named without being there.
    for platform in [linux("s390x", ""), linux("amd64", "")] {
        assert_eq!(of(&many, &platform).await.unwrap_err().kind(), Kind::NotExist);
    }
    let found = |platform: &Platform| serde_json::from_str::<Content>(&many).unwrap().digest_for(platform);
    assert_eq!(found(&linux("amd64", "")).unwrap(), amd);
    assert_eq!(found(&linux("arm64", "")).unwrap(), arm);
    assert_eq!((found(&linux("arm", "v7")).unwrap(), found(&linux("arm", "v5")).unwrap()), (v7, v6));
    fake.asked();
    let error = of(&outer, &linux("amd64", "")).await.unwrap_err();
    assert_eq!((error.kind(), fake.asked().len()), (Kind::NotExist, 3), "{error}");
}

#[tokio::test]
async fn answers_are_not_believed() {
    let fake = Fake::start(|_| Box::new(|_| answer("200 OK", "", MANIFEST)));
    let error = ask(&fake, Digest::of("another"), &linux("amd64", ""), None).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity, "{error}");
    for (status, kind) in [
        ("403 Forbidden", Kind::NotAllowed),
        ("404 Not Found", Kind::NotExist),
        ("400 Bad Request", Kind::Invalid),
        ("415 Unsupported Media Type", Kind::NotSupported),
        ("429 Too Many Requests", Kind::Unavailable),
        ("503 Service Unavailable", Kind::Unavailable),
    ] {
        let fake = Fake::start(|_| Box::new(move |_| answer(status, "", "why not")));
        let error = ask(&fake, Digest::of(MANIFEST), &linux("amd64", ""), None).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains("why not"), "{error}");
    }
    let name = "127.0.0.1:1/team/tool".parse().unwrap();
    let error = Registries::new(Vec::new()).manifest(&name, Digest::of("x"), &linux("amd64", ""), None, 0).await;
    assert_eq!(error.unwrap_err().kind(), Kind::Net);
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let left = Mutex::new(1);
    let fake = Fake::start(|_| {
        Box::new(move |_| {
            let mut left = left.lock().unwrap();
            let is_well = *left == 0;
            *left = 0;
            if is_well { answer("200 OK", "", MANIFEST) } else { answer("500 Internal Server Error", "", "") }
        })
    });
    let name = format!("{}/team/tool", fake.host).parse().unwrap();
    let manifest = Digest::of(MANIFEST);
    let found = Registries::new(Vec::new()).manifest(&name, manifest, &linux("amd64", ""), None, 1).await;
    assert_eq!((found.unwrap(), fake.asked().len()), (manifest, 2));
}

/// A registry that wants `wanted`, and else says `challenge`; with a token server.
fn closed(wanted: &'static str, challenge: impl Fn(&str) -> String + Send + 'static) -> Fake {
    Fake::start(|host| {
        let challenge = format!("WWW-Authenticate: {}\r\n", challenge(host));
        Box::new(move |(path, authorization, _)| match path {
            path if path.contains("/token") => answer("200 OK", "", "{\"token\":\"t1\",\"access_token\":\"t1\"}"),
            _ if authorization == wanted => answer("200 OK", "", MANIFEST),
            _ => answer("401 Unauthorized", &challenge, "{}"),
        })
    })
}

fn login(user: Option<&str>, token: Option<&str>) -> DockerCredentials {
    DockerCredentials {
        username: user.map(str::to_owned),
        password: user.map(|_| "secret".to_owned()),
        identitytoken: token.map(str::to_owned),
        ..DockerCredentials::default()
    }
}

#[tokio::test]
async fn challenges_are_answered() {
    let manifest = Digest::of(MANIFEST);
    let amd = linux("amd64", "");
    // me:secret
    const BASIC: &str = "Basic bWU6c2VjcmV0";
    let fake = closed(BASIC, |_| "Basic realm=\"here\"".to_owned());
    assert_eq!(ask(&fake, manifest, &amd, Some(login(Some("me"), None))).await.unwrap(), manifest);
    assert_eq!(fake.asked().len(), 2);
    for stranger in [None, Some(login(Some("you"), None))] {
        assert_eq!(ask(&fake, manifest, &amd, stranger).await.unwrap_err().kind(), Kind::NotAllowed);
    }

    let bearer = |host: &str| format!("Bearer realm=\"http://{host}/token\",service=\"here\",scope=\"a:b:pull,push\"");
    let fake = closed("Bearer t1", bearer);
    assert_eq!(ask(&fake, manifest, &amd, None).await.unwrap(), manifest);
    let [_, (token, nobody, _), _] = &fake.asked()[..] else { panic!("three questions") };
    assert_eq!(token, "GET /token?service=here&scope=repository%3Ateam%2Ftool%3Apull");
    assert_eq!(nobody, "");
    assert_eq!(ask(&fake, manifest, &amd, Some(login(Some("me"), None))).await.unwrap(), manifest);
    assert_eq!(fake.asked()[1].1, BASIC);
    assert_eq!(ask(&fake, manifest, &amd, Some(login(None, Some("i1")))).await.unwrap(), manifest);
    let [_, (token, _, form), _] = &fake.asked()[..] else { panic!("three questions") };
    assert_eq!(token, "POST /token");
    assert!(form.contains("grant_type=refresh_token") && form.contains("refresh_token=i1"), "{form}");

    let fake = closed("Negotiate x", |_| "Negotiate".to_owned());
    assert_eq!(ask(&fake, manifest, &amd, None).await.unwrap_err().kind(), Kind::NotSupported);
}

#[test]
fn challenges_are_read() {
    let read = |text: &str| {
        let Challenge { scheme, parameters } = Challenge::parse(text)?;
        let mut parameters: Vec<_> = parameters.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        parameters.sort();
        Some(format!("{scheme} {}", parameters.join(" ")))
    };
    for (text, meaning) in [
        ("Basic realm=\"a b\"", Some("basic realm=a b")),
        (
            "bearer realm=\"https://x/y?z=1\", service=s , Scope=\"a,b\"",
            Some("bearer realm=https://x/y?z=1 scope=a,b service=s "),
        ),
        ("Negotiate", Some("negotiate ")),
        ("Bearer realm=\"open", None),
        ("", None),
    ] {
        assert_eq!(read(text).as_deref(), meaning, "{text}");
    }
}

#[test]
fn only_this_machine_is_asked_in_the_clear() {
    let registries = Registries::new(vec!["inner:80".to_owned()]);
    for host in ["localhost", "localhost:5000", "127.0.0.1:5000", "127.3.2.1", "inner:80"] {
        assert!(registries.is_insecure(host), "{host}");
    }
    for host in ["index.docker.io", "inner", "inner:81", "localhost.example.org", "127.0.0.1.example.org"] {
        assert!(!registries.is_insecure(host), "{host}");
    }
}

#[tokio::test]
async fn a_registry_that_says_nothing_is_not_waited_for() {
    // Its queue of connections is served by nobody.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("{}/team/tool", silent.local_addr().unwrap()).parse().unwrap();
    let registries = Registries::with_patience(Vec::new(), Duration::from_millis(200));
    let asked = registries.manifest(&name, Digest::of("x"), &linux("amd64", ""), None, 0).await;
    assert_eq!(asked.unwrap_err().kind(), Kind::Net);
}
