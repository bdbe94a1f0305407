//! Generates the parser from the grammar; it runs again only when the grammar changes.

fn main() {
    println!("cargo:rerun-if-changed=../../grammar/reflow.lalrpop");
    let Some(out) = std::env::var_os("OUT_DIR") else {
        panic!("cargo sets OUT_DIR for build scripts");
    };
    if let Err(error) =
        lalrpop::Configuration::new().emit_comments(false).set_in_dir("../../grammar").set_out_dir(out).process()
    {
        panic!("the grammar is not usable: {error}");
    }
}
