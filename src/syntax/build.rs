//! Generates the parser from the grammar; it runs again only when the grammar changes.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=../../grammar/reflow.lalrpop");
    let out = std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR for build scripts")?;
    lalrpop::Configuration::new().set_in_dir("../../grammar").set_out_dir(out).process()
}
