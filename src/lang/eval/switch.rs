//! `switch`: cases in order, waiting only for what their patterns look at (language spec §5.9).

use std::rc::Rc;

use flow::Graph;
use types::{Type, Value};

use super::bind::step;
use super::delay::delay;
use super::env::Env;
use super::{Error, Kind, Result};
use crate::digest;
use crate::tree::pattern::Path;
use crate::tree::{Case, Node};

/// Evaluates a `switch`.
pub(super) fn switch(graph: &mut Graph, env: &Env, scrutinee: &Node, cases: &Rc<[Case]>) -> Result<Value> {
    let value = super::eval(graph, env, scrutinee)?;
    let attempt = Attempt {
        env: env.clone(),
        cases: cases.clone(),
        scrutinee: value,
        ty: scrutinee.ty.clone(),
        case: 0,
        leaf: 0,
        bound: Vec::new(),
    };
    attempt.next_leaf(graph)
}

/// How far the matching has come: everything up to `leaf` of `case` matched.
#[derive(Clone)]
struct Attempt {
    env: Env,
    cases: Rc<[Case]>,
    scrutinee: Value,
    ty: Type,
    case: usize,
    leaf: usize,
    bound: Vec<Value>,
}

impl Attempt {
    fn next_leaf(self, graph: &mut Graph) -> Result<Value> {
        let Some(case) = self.cases.get(self.case) else {
            // The checker proved the cases exhaustive.
            return Err(Error::new(Kind::Eval, "no case matches"));
        };
        match case.pattern.leaves.get(self.leaf) {
            Some(leaf) => {
                let path = leaf.path.clone();
                let value = self.scrutinee.clone();
                self.along(graph, value, path, true)
            }
            None => {
                let env = self.env.push(self.bound.clone(), 1);
                super::eval(graph, &env, &case.body)
            }
        }
    }

    fn next_case(mut self, graph: &mut Graph) -> Result<Value> {
        self.case += 1;
        self.leaf = 0;
        self.bound.clear();
        self.next_leaf(graph)
    }

    /// Goes along a path from `value`; `at_root` says that `value` is the whole scrutinee.
    fn along(self, graph: &mut Graph, value: Value, path: Path, at_root: bool) -> Result<Value> {
        if path.is_exhausted() {
            return self.matched(graph, value);
        }
        let ty = self.ty.clone();
        let (env, cases) = (self.env.clone(), self.cases.clone());
        let (scrutinee, case) = (self.scrutinee.clone(), self.case);
        let waiting = path.clone();
        let operation = move |out: &mut _| {
            digest::write_switch_operation((&scrutinee, &ty), &waiting, &cases[case..], &env, out);
        };
        let env = self.env.clone();
        let attempt = self;
        // The type of a sub-value matters only to digests of immediate inputs, and an immediate one
        // never waits.
        let inputs = vec![(value, attempt.ty.clone())];
        delay(graph, &env, inputs, operation, move |graph, values| {
            let mut attempt = attempt.clone();
            if at_root {
                attempt.scrutinee = values[0].clone();
            }
            match path.split() {
                None => attempt.matched(graph, values[0].clone()),
                Some((taken, rest)) => match step(&values[0], taken) {
                    Ok(value) => attempt.along(graph, value, rest, false),
                    Err(_) => attempt.next_case(graph),
                },
            }
        })
    }

    fn matched(mut self, graph: &mut Graph, value: Value) -> Result<Value> {
        let named = self.cases[self.case].pattern.leaves[self.leaf].name.is_some();
        if named {
            self.bound.push(value);
        }
        self.leaf += 1;
        self.next_leaf(graph)
    }
}
