use std::io;

use base::{Error, Kind};

#[test]
fn kinds_have_wire_names() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(Kind::from_name("oom"), None);
}

#[test]
fn texts_name_the_kind_once() {
    let inner = Error::new(Kind::NotExist, "no such key");
    let outer = inner.clone().during("get s3://b/k").during("intern");
    assert_eq!(outer.to_string(), "intern: get s3://b/k: resource does not exist: no such key");
    assert_eq!((outer.kind(), inner.message(), outer.message()), (Kind::NotExist, "no such key", ""));
    let caused = Error::new(Kind::Unavailable, "gave up").because(Error::new(Kind::Timeout, "too slow"));
    assert_eq!(caused.to_string(), "unavailable: gave up: timeout: too slow");
    assert_eq!(caused.kind(), Kind::Unavailable);
    assert_eq!(Error::new(Kind::Other, "odd").to_string(), "odd");
    assert_eq!(Error::new(Kind::Temporary, "").to_string(), "temporary");
}

#[test]
fn an_outer_error_without_kind_takes_that_of_its_cause() {
    let error = Error::new(Kind::Other, "outer").because(Error::new(Kind::Net, "inner"));
    assert_eq!(error.kind(), Kind::Net);
    assert_eq!(error.clone().with_kind(Kind::Fatal).kind(), Kind::Fatal);
    assert_eq!(error.cause().map(Error::kind), Some(Kind::Net));
}

#[test]
fn classes_of_kinds() {
    let of = |test: fn(Kind) -> bool| Kind::ALL.into_iter().filter(|kind| test(*kind)).collect::<Vec<_>>();
    assert_eq!(of(Kind::is_transient), [Kind::Timeout, Kind::Temporary, Kind::TooManyTries, Kind::Unavailable]);
    let lasting = [Kind::NotExist, Kind::NotSupported, Kind::Fatal, Kind::Invalid, Kind::Module, Kind::DockerExec];
    assert_eq!(of(Kind::is_lasting), lasting);
}

#[test]
fn rt_115_restartable_examines_causes() {
    let of = |kind| Error::new(kind, "x");
    assert!(of(Kind::Net).is_restartable() && of(Kind::Temporary).is_restartable());
    assert!(!of(Kind::Invalid).is_restartable(), "nothing on the way decides");
    assert!(of(Kind::Eval).because(of(Kind::Net)).is_restartable());
    assert!(!of(Kind::Fatal).because(of(Kind::Net)).is_restartable(), "fatal anywhere above stops");
    assert!(of(Kind::Net).because(of(Kind::Fatal)).is_restartable());
    assert!(of(Kind::Net).during("a").during("b").is_restartable());
}

#[test]
fn errors_of_the_system_have_kinds() {
    let kind = |kind: io::ErrorKind| Error::from(io::Error::from(kind)).kind();
    assert_eq!(kind(io::ErrorKind::NotFound), Kind::NotExist);
    assert_eq!(kind(io::ErrorKind::PermissionDenied), Kind::NotAllowed);
    assert_eq!(kind(io::ErrorKind::StorageFull), Kind::ResourcesExhausted);
    assert_eq!(kind(io::ErrorKind::ConnectionReset), Kind::Net);
    assert_eq!(kind(io::ErrorKind::TimedOut), Kind::Timeout);
    assert_eq!(kind(io::ErrorKind::Other), Kind::Other);
}
