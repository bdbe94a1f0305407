//! The builtin functions (language spec §6).

use std::rc::Rc;

use base::failure::{Error, Kind};
use flow::Graph;
use types::float::Float;
use types::integer::Integer;
use types::print::print;
use types::value::Map;
use types::{Type, Value};

use super::comprehension::concatenate;
use super::delay::{delay, suspend};
use super::env::Spot;
use super::env::{Env, Ident};
use super::function::{Site, apply};
use super::{Result, eval, failure, fault, force};
use crate::digest;
use crate::tree::{Builtin, Node};

/// Calls a builtin.
pub(super) fn call(graph: &mut Graph, env: &Env, expr: &Node, builtin: Builtin, args: &Rc<[Node]>) -> Result<Value> {
    let operation = |out: &mut _| digest::write_operation(expr, env, out);
    let count = match builtin {
        Builtin::Zip | Builtin::Range | Builtin::Reduce | Builtin::Error => 2,
        Builtin::Fold => 3,
        _ => 1,
    };
    let mut inputs = Vec::with_capacity(count);
    for arg in args.iter().take(count) {
        inputs.push((eval(graph, env, arg)?, arg.ty.clone()));
    }
    let call = Invocation { env: env.clone(), expr: expr.clone(), args: args.clone() };
    match builtin {
        Builtin::Delay => {
            let (value, ty) = inputs.swap_remove(0);
            Ok(suspend(graph, env, vec![(value, ty)], operation, |_, values| Ok(values[0].clone())))
        }
        Builtin::Trace => {
            let (value, ty) = inputs.swap_remove(0);
            let forced = force(graph, &env.ident.text(), value, &ty)?;
            let body = move |_: &mut Graph, values: &[Value]| call.trace(&values[0], &ty);
            delay(graph, env, vec![(forced, expr.ty.clone())], operation, body)
        }
        // The two parts of these wait one after the other: the outer list, then what it holds.
        Builtin::Unzip | Builtin::Flatten | Builtin::Map => {
            delay(graph, env, inputs, operation, move |graph, values| call.nested(graph, builtin, &values[0]))
        }
        _ => delay(graph, env, inputs, operation, move |graph, values| call.run(graph, builtin, values)),
    }
}

/// A call of a builtin in its environment.
#[derive(Clone)]
struct Invocation {
    env: Env,
    expr: Node,
    args: Rc<[Node]>,
}

impl Invocation {
    fn place(&self) -> Spot {
        self.env.place(self.expr.span)
    }

    fn failure(&self, code: u16, message: impl std::fmt::Display) -> Error {
        failure(code, &self.place(), message)
    }

    fn run(&self, graph: &mut Graph, builtin: Builtin, values: &[Value]) -> Result<Value> {
        match (builtin, values) {
            (Builtin::Len, [value]) => Ok(Value::Int(self.length(value)?)),
            (Builtin::Int, [Value::Float(number)]) => Ok(Value::Int(number.to_integer())),
            (Builtin::Float, [Value::Int(number)]) => Ok(Value::Float(Float::from_integer(number))),
            (Builtin::Panic, [Value::String(text)]) => {
                Err(self.failure(fault::PANIC, format_args!("panic: {}", String::from_utf8_lossy(text))))
            }
            (Builtin::Error, [Value::Int(code), Value::String(text)]) => {
                let text = format!("{}: {}", self.place(), String::from_utf8_lossy(text));
                let error = Error::new(Kind::Module, text).about(self.place().origin(fault::ERROR));
                Err(error.during(format!("module error code {code}")))
            }
            (Builtin::Zip, [Value::List(l), Value::List(r)]) => {
                if l.len() != r.len() {
                    return Err(self
                        .failure(fault::LENGTHS, format_args!("list sizes do not match: {} vs {}", l.len(), r.len())));
                }
                let pairs = l.iter().zip(r.iter()).map(|(l, r)| Value::tuple([l.clone(), r.clone()]));
                Ok(Value::list(pairs.collect()))
            }
            (Builtin::List, [Value::Map(map)]) => {
                Ok(Value::list(map.iter().map(|(k, v)| Value::tuple([k.clone(), v.clone()])).collect()))
            }
            (Builtin::List, [Value::Dir(files)]) => {
                let pairs =
                    files.iter().map(|(path, file)| Value::tuple([Value::string(path), Value::file(file.clone())]));
                Ok(Value::list(pairs.collect()))
            }
            (Builtin::Range, [Value::Int(from), Value::Int(to)]) => self.range(from, to),
            (Builtin::Reduce, [function, Value::List(elements)]) => {
                let Some((first, rest)) = elements.split_first() else {
                    return Err(self.failure(fault::EMPTY_LIST, "cannot reduce empty list"));
                };
                self.fold(graph, function, rest, first.clone())
            }
            (Builtin::Fold, [function, Value::List(elements), initial]) => {
                self.fold(graph, function, elements, initial.clone())
            }
            (_, values) => {
                let kinds: Vec<_> = values.iter().map(Value::kind_name).collect();
                Err(self.failure(
                    fault::INTERNAL,
                    format_args!("{} does not apply to {}", builtin.name(), kinds.join(", ")),
                ))
            }
        }
    }

    fn length(&self, value: &Value) -> Result<Integer> {
        let length = match value {
            Value::File(file) => file.size,
            Value::Dir(files) => files.len() as u64,
            Value::List(elements) => elements.len() as u64,
            Value::Map(map) => map.len() as u64,
            Value::String(bytes) => bytes.len() as u64,
            other => {
                return Err(
                    self.failure(fault::INTERNAL, format_args!("cannot take the length of a {}", other.kind_name()))
                );
            }
        };
        Ok(Integer::from(i64::try_from(length).unwrap_or(i64::MAX)))
    }

    fn range(&self, from: &Integer, to: &Integer) -> Result<Value> {
        if from > to {
            return Err(Error::new(Kind::Other, "invalid range").about(self.place().origin(fault::RANGE)));
        }
        let length = (to - from).to_i64().and_then(|length| usize::try_from(length).ok());
        let Some(length) = length.filter(|length| *length <= 1 << 32) else {
            return Err(self.failure(fault::RANGE, format_args!("range from {from} to {to} is too long")));
        };
        self.env.instance.session.fuel.spend(length as u64)?;
        let mut elements = Vec::with_capacity(length);
        match from.to_i64() {
            Some(start) if start.checked_add(length as i64).is_some() => {
                elements.extend((start..start + length as i64).map(Value::int));
            }
            _ => {
                let one = Integer::from(1);
                let mut next = from.clone();
                for _ in 0..length {
                    let following = &next + &one;
                    elements.push(Value::Int(std::mem::replace(&mut next, following)));
                }
            }
        }
        Ok(Value::list(elements))
    }

    fn fold(&self, graph: &mut Graph, function: &Value, elements: &[Value], initial: Value) -> Result<Value> {
        let site = Site { env: self.env.clone(), span: self.expr.span, ident: Ident::default() };
        let mut result = initial;
        for element in elements {
            result = apply(graph, function, vec![result, element.clone()], &site)?;
        }
        Ok(result)
    }

    fn trace(&self, value: &Value, ty: &Type) -> Result<Value> {
        let ident = self.env.ident.text();
        let label = if ident.is_empty() { String::new() } else { format!("({ident})") };
        self.env.instance.session.trace(&format!("{}{label}: {}", self.place(), print(value, ty)));
        Ok(value.clone())
    }

    /// Waits for the inner values of a known outer one, then computes.
    fn nested(&self, graph: &mut Graph, builtin: Builtin, outer: &Value) -> Result<Value> {
        let operation = |out: &mut _| digest::write_operation(&self.expr, &self.env, out);
        let element = self.args.first().map(|arg| arg.ty.clone()).unwrap_or_else(Type::bottom);
        let element = match &element.kind {
            types::ty::TypeKind::List(element) => element.as_ref().clone(),
            _ => element,
        };
        if let Value::Dir(files) = outer {
            let entries = files.iter().map(|(path, file)| (Value::string(path), Value::file(file.clone())));
            return Ok(Value::Map(Rc::new(Map::from_entries(entries))));
        }
        let Value::List(inner) = outer else {
            return Err(self
                .failure(fault::INTERNAL, format_args!("{} does not apply to {}", builtin.name(), outer.kind_name())));
        };
        let inputs = inner.iter().map(|value| (value.clone(), element.clone())).collect();
        let call = self.clone();
        delay(graph, &self.env, inputs, operation, move |graph, values| match builtin {
            Builtin::Flatten => Ok(concatenate(values)),
            Builtin::Unzip => {
                let (left, right) = values.iter().filter_map(pair).unzip();
                Ok(Value::tuple([Value::list(left), Value::list(right)]))
            }
            _ => call.map(graph, values, &element),
        })
    }

    /// A map of known pairs: waits for the keys; the values stay as they are.
    fn map(&self, graph: &mut Graph, pairs: &[Value], pair_type: &Type) -> Result<Value> {
        let operation = |out: &mut _| digest::write_operation(&self.expr, &self.env, out);
        let key_type = pair_type.fields().first().map(|field| field.ty.clone()).unwrap_or_else(Type::bottom);
        let (keys, values): (Vec<_>, Vec<_>) = pairs.iter().filter_map(pair).unzip();
        let inputs = keys.into_iter().map(|key| (key, key_type.clone())).collect();
        delay(graph, &self.env, inputs, operation, move |_, keys| {
            let entries = keys.iter().cloned().zip(values.iter().cloned());
            Ok(Value::Map(Rc::new(Map::from_entries(entries))))
        })
    }
}

fn pair(value: &Value) -> Option<(Value, Value)> {
    match value {
        Value::Tuple(elements) => match elements.as_ref() {
            [left, right] => Some((left.clone(), right.clone())),
            _ => None,
        },
        _ => None,
    }
}
