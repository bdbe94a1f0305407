//! The builtins of legacy scripts, and their execs.

use std::rc::Rc;

use base::regexp::Regexp;
use base::resources::Resources;
use base::url::Url;
use flow::node::{Exec, Op};
use flow::{FlowId, Graph};
use syntax::ast::Span;

use super::eval::{Scope, Value, not_mapped};
use super::mistake::Result;
use super::parse::{Expr, Part};

/// Calls a builtin.
pub(super) fn call(scope: &Scope<'_>, graph: &mut Graph, name: &str, args: &[Expr], span: Span) -> Result<Value> {
    let wrong = |form: &str| Err(scope.mistake(span, format_args!("wrong arguments: use {form}")));
    match (name, args) {
        ("param", [name, ..]) => {
            let name = scope.string(graph, name, "param")?;
            scope.param(&name, span)
        }
        ("concat", [_, ..]) => {
            let texts = args.iter().map(|arg| scope.string(graph, arg, "concat")).collect::<Result<Vec<_>>>()?;
            Ok(Value::String(texts.concat().into()))
        }
        ("concat", _) => wrong("concat(string, …)"),
        ("image", [image]) => Ok(Value::Image(scope.string(graph, image, "image")?)),
        ("image", _) => wrong("image(name)"),
        ("intern", [urls]) => {
            let urls = scope.string(graph, urls, "intern")?;
            Ok(Value::Flow(intern(graph, &urls)))
        }
        ("intern", _) => wrong("intern(url)"),
        ("groupby", [dep, pattern]) => {
            let (dep, pattern) = (flow(scope, graph, dep, name)?, regexp(scope, graph, pattern, name)?);
            Ok(Value::Flows(graph.add(Op::Groupby { pattern }, [dep])))
        }
        ("groupby", _) => wrong("groupby(flow, regexp)"),
        ("collect", [dep, pattern, rest @ ..]) if rest.len() < 2 => {
            let (dep, pattern) = (flow(scope, graph, dep, name)?, regexp(scope, graph, pattern, name)?);
            let replacement = match rest.first() {
                Some(replacement) => scope.string(graph, replacement, name)?,
                None => "${0}".into(),
            };
            Ok(Value::Flow(graph.add(Op::Collect { pattern, replacement }, [dep])))
        }
        ("collect", _) => wrong("collect(flow, regexp, replacement)"),
        ("pullup", [_, ..]) => {
            let deps = args.iter().map(|arg| flow(scope, graph, arg, name)).collect::<Result<Vec<_>>>()?;
            Ok(Value::Flow(graph.add(Op::Pullup, deps)))
        }
        ("pullup", _) => wrong("pullup(flow, …)"),
        ("map", [first, second]) => match (scope.eval(graph, first)?, scope.eval(graph, second)?) {
            (Value::Func(function), Value::Flows(list)) | (Value::Flows(list), Value::Func(function)) => {
                map(scope, graph, &function, list, span)
            }
            _ => wrong("map(function, flow list)"),
        },
        ("map", _) => wrong("map(function, flow list)"),
        ("param", _) => wrong("param(name, help)"),
        _ => Err(scope.mistake(span, format_args!("function {name:?} not defined"))),
    }
}

fn flow(scope: &Scope<'_>, graph: &mut Graph, expr: &Expr, what: &str) -> Result<FlowId> {
    match scope.eval(graph, expr)? {
        Value::Flow(id) | Value::Flows(id) => Ok(id),
        other => {
            Err(scope
                .mistake(expr.span, format_args!("{what} takes a flow here, not a value of type {}", other.kind())))
        }
    }
}

fn regexp(scope: &Scope<'_>, graph: &mut Graph, expr: &Expr, what: &str) -> Result<Rc<str>> {
    let pattern = scope.string(graph, expr, what)?;
    Regexp::parse(&*pattern).map_err(|error| scope.mistake(expr.span, error))?;
    Ok(pattern)
}

fn map(
    scope: &Scope<'_>,
    graph: &mut Graph,
    function: &Rc<super::eval::Function>,
    list: FlowId,
    span: Span,
) -> Result<Value> {
    // Once beforehand, so that a function that cannot be mapped is found when the script is checked.
    let probe = graph.fileset(base::Fileset::new());
    match scope.evaluator.call(graph, function, vec![Value::Flow(probe)], scope, span)? {
        Value::Flow(_) | Value::Flows(_) => {}
        other => return Err(scope.mistake(span, not_mapped(&other))),
    }
    let (evaluator, function, label) = (scope.evaluator.clone(), function.clone(), scope.evaluator.label());
    let id = graph.map(list, move |graph: &mut Graph, element| evaluator.element(graph, &function, element, &label));
    Ok(Value::Flows(id))
}

/// A URL as it is digested. What has no scheme is a path on this machine.
pub(super) fn url(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) if url.scheme().is_empty() => format!("localfile://{text}"),
        Ok(url) => url.to_string(),
        Err(_) => text.to_owned(),
    }
}

/// `url[,url…]`, each `name=url` or just a URL: one flow, or one map of all their files.
fn intern(graph: &mut Graph, urls: &str) -> FlowId {
    let mut flows: Vec<FlowId> = Vec::new();
    let several = urls.contains(',');
    for text in urls.split(',') {
        let (name, text) = match text.split_once('=') {
            // An equal sign behind a slash is part of the URL.
            Some((name, text)) if !name.contains('/') => (Some(name), text),
            _ => (None, text),
        };
        let id = graph.intern(&url(text), false);
        let is_folder = text.ends_with('/');
        let name = match name {
            None if several && !is_folder => text.rsplit('/').next(),
            name => name,
        };
        let Some(name) = name else {
            flows.push(id);
            continue;
        };
        let escaped = name.replace('$', "$$");
        let (pattern, replacement) = if is_folder {
            ("^".into(), format!("{}/", escaped.trim_end_matches('/')))
        } else {
            (r"^\.$".into(), escaped)
        };
        flows.push(graph.add(Op::Collect { pattern, replacement: replacement.into() }, [id]));
    }
    match flows.as_slice() {
        [only] => *only,
        _ => graph.add(Op::Pullup, flows),
    }
}

/// `image["cpu=4", "rss=8GiB"] { command }`: a command with one output, `$out`.
pub(super) fn exec(
    scope: &Scope<'_>,
    graph: &mut Graph,
    span: Span,
    image: &Expr,
    options: &[Expr],
    parts: &[Part],
) -> Result<Value> {
    let image = match scope.eval(graph, image)? {
        Value::Image(image) => image,
        other => {
            return Err(
                scope.mistake(span, format_args!("a command needs an image, not a value of type {}", other.kind()))
            );
        }
    };
    let mut resources = Resources::new();
    ["mem", "cpu", "disk"].into_iter().for_each(|name| resources.set(name, 0.0));
    for option in options {
        let text = scope.string(graph, option, "an exec")?;
        let (name, amount) = resource(&text).ok_or_else(|| {
            scope.mistake(option.span, format_args!("bad option {text:?}; use cpu=N, rss=N or disk=N"))
        })?;
        resources.set(name, amount);
    }
    let (mut command, mut deps, mut names): (String, Vec<FlowId>, Vec<Rc<str>>) = Default::default();
    for part in parts {
        match part {
            Part::Text(text) => command.push_str(&text.replace('%', "%%")),
            Part::Ident(name, span) => match scope.named(name, *span)? {
                Value::String(text) => command.push_str(&text.replace('%', "%%")),
                Value::Strings(texts) => command.push_str(&texts.join(" ").replace('%', "%%")),
                Value::Flow(id) | Value::Flows(id) => {
                    command.push_str("%s");
                    deps.push(id);
                    names.push(format!("{{{{{name}}}}}").into());
                }
                other => {
                    let message = format!("values of type {} cannot be interpolated", other.kind());
                    return Err(scope.mistake(*span, message));
                }
            },
        }
    }
    let exec = Exec {
        image,
        command: command.into(),
        args: None,
        outputs: None,
        resources,
        arg_names: names.into(),
        nondeterministic: false,
    };
    Ok(Value::Flow(graph.exec(exec, deps)))
}

/// `cpu=4`, `rss=1.5GiB`: the name of a resource and its amount.
fn resource(text: &str) -> Option<(&'static str, f64)> {
    let (name, amount) = text.split_once('=')?;
    let name = match name.trim() {
        "cpu" => "cpu",
        "rss" | "mem" => "mem",
        "disk" | "tmp" => "disk",
        _ => return None,
    };
    let amount = amount.trim();
    let digits = amount.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(amount.len());
    let unit = match amount[digits..].trim().trim_end_matches(['B', 'b', 'i']) {
        "" => 1.0,
        "k" | "K" => 1024.0,
        "m" | "M" => 1024.0 * 1024.0,
        "g" | "G" => 1024.0 * 1024.0 * 1024.0,
        "t" | "T" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    };
    let amount: f64 = amount[..digits].parse().ok()?;
    (amount.is_finite()).then_some((name, amount * unit))
}
