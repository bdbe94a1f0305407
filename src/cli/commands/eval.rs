//! `reflow eval`

use engine::Config;
use flow::Graph;
use flow::graph::Config as GraphConfig;
use lang::eval::force;
use types::Value;
use types::print::print;

use super::{answer, session, without_advice};
use crate::arguments::{EvalFlags, Global};
use crate::exit::Exit;
use crate::recorded::Recorded;
use crate::{display, interrupt, terminal};

pub(super) fn run(global: &Global, flags: &EvalFlags) -> Result<(), Exit> {
    let session = session();
    let (expr, diagnostics) = session.check_expr(&flags.expr);
    let expr = expr.ok_or_else(|| Exit::of_diagnostics(&without_advice(diagnostics)))?;
    if flags.ty {
        return answer(format!("{}\n", expr.ty()));
    }
    let mut graph = Graph::new(GraphConfig { universe: global.universe.clone(), hash_v1: false });
    let value = session.eval_expr(&mut graph, &expr).map_err(|error| Exit::of_evaluation(&session, &error))?;
    if flags.digest {
        let digest = match &value {
            Value::Flow(flow) => flow.digest,
            known => types::digest::value_digest(known, expr.ty()),
        };
        return answer(format!("{digest}\n"));
    }
    let forced =
        force(&mut graph, &"".into(), value, expr.ty()).map_err(|error| Exit::of_evaluation(&session, &error))?;
    let value = match &forced {
        Value::Flow(flow) => {
            let root = graph.id_of(flow);
            let machinery = flags.machinery.open()?;
            machinery.notices.iter().for_each(|notice| terminal::say(&format!("reflow: {notice}")));
            let cancel = interrupt::token(machinery.runtime.handle());
            let recorded = Recorded::begin(&machinery, "eval", vec![flags.expr.clone()])?;
            let config = Config { cancel, ..recorded.config(&machinery)? };
            let mut display = display::Display::new(global.log, None, "eval");
            let outcome = engine::evaluate(&mut graph, root, config, &mut |event| display.on(event));
            display.close();
            let said = outcome.value.as_ref().map(|value| print(value, expr.ty())).map_err(ToString::to_string);
            recorded.end(said)?;
            outcome.value.map_err(|failures| display::report_failures(&mut display, &failures, &[]))?
        }
        known => known.clone(),
    };
    answer(format!("{}\n", print(&value, expr.ty())))
}
