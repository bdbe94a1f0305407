//! The parameters of legacy scripts: they are declared where they are used.

use std::rc::Rc;

use syntax::diagnostic::Source;

use super::ScriptParam;
use super::mistake::{Mistake, Result};
use super::parse::{Expr, ExprKind};

/// Adds every `param("name", "help")` of an expression that is not known yet.
pub(super) fn find(params: &mut Vec<ScriptParam>, source: &Rc<Source>, expr: &Expr) -> Result<()> {
    crate::nesting::with_stack(|| match &expr.kind {
        ExprKind::String(_) | ExprKind::Ident(_) => Ok(()),
        ExprKind::Call(callee, args) if matches!(&callee.kind, ExprKind::Ident(name) if **name == *"param") => {
            let texts: Option<Vec<_>> = args
                .iter()
                .map(|arg| match &arg.kind {
                    ExprKind::String(text) => Some(text.clone()),
                    _ => None,
                })
                .collect();
            let (name, help) = match texts.as_deref() {
                Some([name]) => (name.clone(), "".into()),
                Some([name, help]) => (name.clone(), help.clone()),
                _ => {
                    let message = "param takes a name and a help text, both literal strings";
                    return Err(Mistake::new(2041, source, expr.span, message));
                }
            };
            if !params.iter().any(|param| param.name == name) {
                params.push(ScriptParam { name, help, span: expr.span, source: source.clone() });
            }
            Ok(())
        }
        ExprKind::Call(callee, args) => {
            find(params, source, callee)?;
            args.iter().try_for_each(|arg| find(params, source, arg))
        }
        ExprKind::Exec(image, options, _) => {
            find(params, source, image)?;
            options.iter().try_for_each(|option| find(params, source, option))
        }
        ExprKind::Let(bindings, body) => {
            bindings.iter().try_for_each(|(_, value)| find(params, source, value))?;
            find(params, source, body)
        }
        ExprKind::Func(lambda) => find(params, source, &lambda.body),
    })
}
