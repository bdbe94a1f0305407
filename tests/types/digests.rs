//! Golden digests of values (runtime spec §2.13), which never change: they are part of cache keys.

use std::rc::Rc;

use base::{Digest, File, Fileset};
use types::digest::value_digest;
use types::ty::{Field, Variant as VariantType};
use types::value::{Map, Record, Shape, Variant};
use types::{Type, Value};

fn record(fields: &[(&str, Value)]) -> Record {
    let names = fields.iter().map(|(name, _)| Rc::from(*name)).collect();
    Record::new(Shape::new(names), fields.iter().map(|(_, value)| value.clone()).collect())
}

fn fields(types: &[(&str, Type)]) -> Vec<Field> {
    types.iter().map(|(name, ty)| Field::named(*name, ty.clone())).collect()
}

fn file(content: &str, size: u64) -> File {
    File::resolved(Digest::of(content), size)
}

fn directory() -> std::collections::BTreeMap<String, File> {
    ["a", "b", "c", "d"].map(|name| (name.to_owned(), file(&format!("{name} contents"), 10))).into()
}

#[test]
fn rt_37_values_digest_to_their_golden_digests() {
    let (int, string) = (Type::int(), Type::string());
    let words = ["a", "man", "a", "plan", "a", "canal", "panama"].map(Value::string).to_vec();
    let pair = |number, text: &str| {
        Value::Struct(Rc::new(record(&[("field1", Value::int(number)), ("field2", Value::string(text))])))
    };
    let pairs = Type::record(fields(&[("field1", int.clone()), ("field2", string.clone())]));
    let map = Map::from_entries([
        (Value::string("hello"), pair(123, "hello world")),
        (Value::string("world"), pair(321, "foo bar")),
    ]);
    let four = record(&[
        ("field1", Value::int(1)),
        ("field2", Value::string("hello")),
        ("field3", Value::int(2)),
        ("field4", Value::Bool(false)),
    ]);
    let all = fields(&[
        ("field1", int.clone()),
        ("field2", string.clone()),
        ("field3", int.clone()),
        ("field4", Type::bool()),
    ]);
    let three = all[..3].to_vec();
    let nested = Fileset::of_list(vec![
        Fileset::of_map(directory()),
        Fileset::of_list(vec![Fileset::of_map([("e".to_owned(), file("e contents", 10))].into())]),
    ]);
    let none = Type::sum(vec![VariantType::new("None", None)]);
    let some = Type::sum(vec![VariantType::new("Int", Some(int.clone()))]);
    let variant = |tag: &str, payload| Value::Variant(Rc::new(Variant { tag: tag.into(), payload }));
    let tuple = Type::tuple(vec![Field::unnamed(int.clone()), Field::unnamed(string.clone())]);
    let golden = [
        (Value::int(12345), int.clone(), "499fb000867f99f88d5539466aa2489fbc5847f70b6b7171024583a3cfff454b"),
        (Value::int(0), int, "dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986"),
        (Value::string("hello"), string.clone(), "0b4d354d56ea9a985571a56b1829f33d072e7902c1afaf981381089b9eb00ffe"),
        (Value::Bool(true), Type::bool(), "38b8bc5c86db41a80615b2f4694fc754cccffb95e8933d5b376021feab83cea3"),
        (Value::Unit, Type::unit(), "ca358758f6d27e6cf45272937977a748fd88391db679ceda7dc7bf1f005ee879"),
        (
            Value::list(words),
            Type::list(string.clone()),
            "bc0a302ebd71d0d1b0b0338a7c5c2ea83964b7364504516dd1f450e4b77430ef",
        ),
        (
            Value::tuple(vec![Value::int(1), Value::string("hello")]),
            tuple,
            "aa29288ba688ca5e503e47c4e82003e97780ca64606baed753f58ebb74f38e44",
        ),
        (
            Value::Map(Rc::new(map)),
            Type::map(string, pairs),
            "c1c3e68de6ccf619538b5810a4feaeac5049505b7719ad67321f62d0c63f52a9",
        ),
        (
            Value::Struct(Rc::new(four.clone())),
            Type::record(all.clone()),
            "ea6d8ba6d3dbf27f61eb0da431b5247082afc31e189fd57af77f86e5f889b7b0",
        ),
        (
            Value::Struct(Rc::new(four.clone())),
            Type::record(three.clone()),
            "0f600c515b7e3467ad33b74e3a11b199db950c80a45a0272c198ac039b17b3fc",
        ),
        (
            Value::Module(Rc::new(four.clone())),
            Type::module(all, vec![]),
            "f869ee25f349dea1ad75f9b01000075fdbc10d720e088972f1c523c21d5d490d",
        ),
        (
            Value::Module(Rc::new(four)),
            Type::module(three, vec![]),
            "c117c8823c75892a495a703ee83b41257f9b5174f4fea59dc3e0c2ee2520af95",
        ),
        (
            Value::file(file("contents", 54321)),
            Type::file(),
            "cf2f6c9da27487304271965d77439ea161575f87d0202867f1c099234fbbc219",
        ),
        (
            Value::Fileset(Rc::new(nested)),
            Type::fileset(),
            "35e66174fb0e8ed518dc0d6797566730558b6eb83fcf196b8d8476825035107c",
        ),
        (Value::dir(directory()), Type::dir(), "06132bcc7b9dc5373e7bee046fd23eb1826e599424cff420346111bd5f2835ab"),
        (variant("None", None), none, "727e511e8fb530780a628ad017419d933b7f7453f87bdef61f3339ec4f86f373"),
        (variant("Int", Some(Value::int(0))), some, "cdffa9f65561562220ad62d08cc612245cb2d2486233e8fe547bc8afb80e5c03"),
    ];
    for (value, ty, digest) in golden {
        assert_eq!(value_digest(&value, &ty).hex(), digest, "{}", value.kind_name());
    }
}
