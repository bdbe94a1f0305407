//! Cache keys: the digests under which a node's result is stored and found (runtime spec §2.5).
//!
//! The most concrete key comes first: it depends only on what the step really reads.

use base::digest::{Digest, DigestWriter};
use base::fileset::Fileset;

use crate::graph::{FlowId, Graph, write_args};
use crate::node::{ArgRef, Op};

/// The physical digests of an exec or extern whose dependencies have the values `inputs`.
///
/// `image` is the exec's image as resolved (`name@sha256:…`), if it was; then the program's text for
/// the image gives a second digest where it differs. Other operations have none.
pub fn physical_digests(graph: &Graph, id: FlowId, inputs: &[&Fileset], image: Option<&str>) -> Vec<Digest> {
    let mut common = DigestWriter::new();
    for fileset in inputs {
        common.material(*fileset);
    }
    let finish = |mut out: DigestWriter| {
        if let Some(extra) = graph.extra(id) {
            out.digest(&extra);
        }
        out.finish()
    };
    match graph.op(id) {
        Op::Extern { url } => {
            common.bytes(url.as_bytes());
            vec![finish(common)]
        }
        Op::Exec(exec) => {
            let with_image = |image: &str| {
                let mut out = common.clone();
                out.bytes(image).bytes(exec.command.as_bytes());
                match &exec.args {
                    Some(args) => write_args(args, &mut out),
                    None => {
                        let identity: Vec<_> = (0..inputs.len() as u32).map(ArgRef::Input).collect();
                        write_args(&identity, &mut out);
                    }
                }
                finish(out)
            };
            let resolved = image.unwrap_or(&exec.image);
            let mut digests = vec![with_image(resolved)];
            if resolved != &*exec.image {
                digests.push(with_image(&exec.image));
            }
            digests
        }
        _ => Vec::new(),
    }
}

/// All cache keys of a node, most concrete first: its physical digests, then its logical digest.
pub fn cache_keys(graph: &Graph, id: FlowId, inputs: &[&Fileset], image: Option<&str>) -> Vec<Digest> {
    let mut keys = physical_digests(graph, id, inputs, image);
    keys.push(graph.digest(id));
    keys
}
