use base::Digest;
use base::image::{DEFAULT_HOST, ImageName, Qualified};
use proptest::prelude::*;

#[test]
fn rt_47_qualifiers_are_stripped_wherever_they_stand() {
    let cases = [
        ("ubuntu", "ubuntu", false, false),
        ("ubuntu$aws", "ubuntu", true, false),
        ("ubuntu$docker", "ubuntu", false, true),
        ("ubuntu$aws$docker", "ubuntu", true, true),
        ("ubuntu$docker$aws", "ubuntu", true, true),
        ("$aws$awsubun$dockertu:v1$aws", "ubuntu:v1", true, true),
        ("ubuntu$awsome", "ubuntuome", true, false),
        ("ubuntu$AWS", "ubuntu$AWS", false, false),
    ];
    for (text, image, needs_aws_credentials, needs_docker_access) in cases {
        let expected = Qualified { image: image.to_owned(), needs_aws_credentials, needs_docker_access };
        assert_eq!(Qualified::parse(text), expected, "{text}");
    }
}

#[test]
fn rt_135_canonical_names() {
    let pinned = format!("tools/bwa:v1@{}", Digest::of("m"));
    let short_host = format!("{}/biocontainers/bwa", DEFAULT_HOST.strip_prefix("index.").unwrap());
    let cases = [
        ("ubuntu", "index.docker.io/library/ubuntu", "latest"),
        ("ubuntu:22.04", "index.docker.io/library/ubuntu", "22.04"),
        ("biocontainers/bwa:v1", "index.docker.io/biocontainers/bwa", "v1"),
        ("index.docker.io/ubuntu", "index.docker.io/library/ubuntu", "latest"),
        (&*short_host, "index.docker.io/biocontainers/bwa", "latest"),
        ("1234.dkr.ecr.us-west-2.amazonaws.com/x", "1234.dkr.ecr.us-west-2.amazonaws.com/x", "latest"),
        ("1234.dkr.ecr.us-west-2.amazonaws.com/a/b:t", "1234.dkr.ecr.us-west-2.amazonaws.com/a/b", "t"),
        ("localhost/x", "localhost/x", "latest"),
        ("localhost:5000/x/y:z", "localhost:5000/x/y", "z"),
        ("host:5000/x", "host:5000/x", "latest"),
        (&*pinned, "index.docker.io/tools/bwa", "v1"),
    ];
    for (text, canonical, tag) in cases {
        let name = ImageName::parse(text).unwrap();
        assert_eq!((&*name.canonical(), name.tag_or_default()), (canonical, tag), "{text}");
    }
}

#[test]
fn a_pinned_name_drops_the_tag() {
    let manifest = Digest::of("manifest");
    let name = ImageName::parse("ubuntu:22.04").unwrap();
    assert_eq!(name.pinned(&manifest), format!("index.docker.io/library/ubuntu@{manifest}"));
    let again = ImageName::parse(&name.pinned(&manifest)).unwrap();
    assert_eq!((again.digest, again.tag), (Some(manifest), None));
}

#[test]
fn other_texts_are_refused_with_a_reason() {
    let bad = [
        "",
        "Ubuntu",
        "a b",
        "a:",
        "a:b c",
        "a@",
        "a@sha256:12",
        "a@md5:1234",
        "a//b",
        "/a",
        "a/",
        "-a",
        "a:5/b:c:d",
        "host:5000/",
        "a$aws",
        "bad_host!.com/x",
    ];
    for text in bad {
        let error = ImageName::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{text:?} is not an image name: ")), "{error}");
    }
}

#[test]
fn the_part_that_is_not_written_counts_too() {
    let longest = "a".repeat(255 - "library/".len());
    let name = ImageName::parse(&longest).unwrap();
    assert_eq!(name.to_string().parse(), Ok(name));
    assert!(ImageName::parse(&format!("{longest}a")).is_err());
    assert!(ImageName::parse(&format!("host.io/{longest}a")).is_ok());
}

proptest! {
    #[test]
    fn names_read_back(
        host in prop::option::of("[a-z]{1,8}\\.[a-z]{2,3}(:[0-9]{2,4})?|localhost"),
        path in "[a-z0-9]{1,6}([._-][a-z0-9]{1,4})?(/[a-z0-9]{1,6}){0,2}",
        tag in prop::option::of("[A-Za-z0-9_.-]{1,12}"),
        digest in prop::option::of(any::<[u8; 32]>()),
    ) {
        let mut text = path;
        if let Some(host) = &host {
            text = format!("{host}/{text}");
        }
        if let Some(tag) = &tag {
            text = format!("{text}:{tag}");
        }
        let name = ImageName { digest: digest.map(Digest::from_bytes), ..ImageName::parse(&text).unwrap() };
        prop_assert_eq!(&name.tag, &tag);
        prop_assert_eq!(name.to_string().parse(), Ok(name));
    }
}
