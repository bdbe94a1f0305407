//! Whole programs that nobody wrote: they are accepted, come to values or to errors, and to the same ones a
//! second time.

use std::rc::Rc;

use flow::Graph;
use proptest::prelude::*;
use reflow_lang::eval::{Arguments, force, instantiate};
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use syntax::diagnostic::Source;
use syntax::format::format;
use types::Value;
use types::print::print;

use crate::generator;
use crate::reduce::Reducer;
use crate::world::World;

/// What a program may compute and how many nodes it may make: a few nested comprehensions come to millions.
const FUEL: u64 = 1 << 16;
const MOST_NODES: usize = 5_000;

/// What a member of a program comes to: the digest of it as it is, then the value or the error.
type Outcome = (String, Result<String, String>);

/// What a program comes to; the diagnostics if it is refused.
fn outcome(text: &str) -> Result<Vec<Outcome>, String> {
    let sources = MemorySources::new([("data.txt", "data"), ("folder/a", "a"), ("folder/b/c", "c")]);
    let session = Session::new(Rc::new(sources) as Rc<dyn Sources>, |_| {});
    session.limit(FUEL);
    let (module, diagnostics) = session.check_text("t.rf", text);
    let Some(module) = module else {
        return Err(diagnostics.iter().map(|diagnostic| diagnostic.line() + "\n").collect());
    };
    let world =
        World::new(["s3://b/f", "s3://b/d/x", "s3://b/d/y/z"].map(|url| (url.to_owned(), url.as_bytes().to_vec())));
    let mut graph = Graph::default();
    let record = match instantiate(&mut graph, &session, &module, &Arguments::default()) {
        Ok(Value::Module(record)) => record,
        Ok(other) => return Err(format!("an instance is a {}", other.kind_name())),
        Err(error) => return Ok(vec![(String::new(), Err(error.to_string()))]),
    };
    let mut outcomes = Vec::new();
    for field in module.ty.fields() {
        let value = record.get(field.name()).cloned().unwrap();
        let digest = match &value {
            Value::Flow(flow) => flow.digest,
            known => types::digest::value_digest(known, &field.ty),
        };
        let mut reducer = Reducer::new(&world);
        reducer.most_nodes = MOST_NODES;
        let value = force(&mut graph, &"".into(), value, &field.ty);
        let value = value.and_then(|value| reducer.finish(&mut graph, &value));
        let value = value.and_then(|value| session.spend_on(&value).map(|()| value));
        outcomes
            .push((digest.to_string(), value.map(|value| print(&value, &field.ty)).map_err(|error| error.to_string())));
    }
    Ok(outcomes)
}

fn formatted(text: &str) -> String {
    format(&Source::new("t.rf", text)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What can be compared although places differ: digests, and values or that there is none.
fn without_places(outcome: Result<Vec<Outcome>, String>) -> Vec<(String, Option<String>)> {
    outcome.unwrap().into_iter().map(|(digest, value)| (digest, value.ok())).collect()
}

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn are_accepted_and_come_to_the_same_twice(bytes in any_bytes()) {
        let text = generator::module(&bytes);
        let first = outcome(&text).map_err(|refusal| TestCaseError::fail(format!("{refusal}\n{text}")))?;
        prop_assert_eq!(Ok(first), outcome(&text), "{}", text);
    }

    /// The formatter prints what was parsed: printed again it is the same text, and nothing that the program
    /// comes to has another digest.
    #[test]
    fn mean_the_same_when_they_are_formatted(bytes in any_bytes()) {
        let text = generator::module(&bytes);
        let formatted = formatted(&text);
        prop_assert_eq!(&formatted, &self::formatted(&formatted), "{}", text);
        prop_assert_eq!(without_places(outcome(&text)), without_places(outcome(&formatted)), "{}", text);
    }
}

/// The generator would prove little if most of what it makes failed or was trivial.
#[test]
fn are_of_many_forms_and_mostly_come_to_values() {
    let (mut values, mut all) = (0, 0);
    let mut texts = String::new();
    for seed in 0..100_u64 {
        // Bytes that look random, the same each time.
        let bytes: Vec<u8> = (0..40).flat_map(|part| *base::Digest::of(format!("{seed} {part}")).as_bytes()).collect();
        let text = generator::module(&bytes);
        for (_, outcome) in outcome(&text).unwrap_or_else(|refusal| panic!("{refusal}\n{text}")) {
            all += 1;
            values += usize::from(outcome.is_ok());
        }
        texts.push_str(&text);
    }
    assert!(values * 2 > all, "{values} of {all} come to values");
    for form in
        ["switch", "exec(", "func(", " <- ", "delay(", "make(", "type ", "param ", "...", "@requires", "#Paired", "{{"]
    {
        assert!(texts.matches(form).count() > 5, "{form}");
    }
}
