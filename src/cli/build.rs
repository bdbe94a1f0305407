//! Tells the compiler's version to `reflow version`.

use std::process::Command;

fn main() {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let version = text.split_whitespace().nth(1).unwrap_or("unknown");
    #[allow(clippy::print_stdout, reason = "this is how a build script talks to Cargo")]
    {
        println!("cargo::rustc-env=REFLOW_RUSTC={version}");
        println!("cargo::rerun-if-changed=build.rs");
    }
}
