//! The map over `echo` in the words of each peer.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::measure::clean;

/// How a peer is asked to do its work.
pub(crate) struct Workflow {
    pub(crate) name: &'static str,
    /// The program's file name.
    pub(crate) program: &'static str,
    /// Whether a thousand tasks would take minutes.
    pub(crate) is_slow: bool,
    /// How many times as quick reflow should be.
    pub(crate) target: f64,
    /// Writes the workflow into a folder; the command that runs it there.
    pub(crate) prepare: fn(&Path, &Path, u32) -> Command,
}

pub(crate) const ALL: &[Workflow] = &[
    Workflow { name: "sprocket", program: "sprocket", is_slow: false, target: 1.0, prepare: sprocket },
    Workflow { name: "snakemake", program: "snakemake", is_slow: false, target: 5.0, prepare: snakemake },
    Workflow { name: "redun", program: "redun", is_slow: true, target: 5.0, prepare: redun },
    Workflow { name: "cwltool", program: "cwltool", is_slow: false, target: 5.0, prepare: cwltool },
    Workflow { name: "toil", program: "toil-cwl-runner", is_slow: true, target: 5.0, prepare: toil },
];

/// A program in a folder, with the other programs that were installed beside it.
fn command(program: &Path, folder: &Path) -> Command {
    let mut command = clean(program, folder);
    let beside = program.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
    command.env("PATH", format!("{beside}:/usr/local/bin:/usr/bin:/bin"));
    command
}

fn processors() -> String {
    std::thread::available_parallelism().unwrap().to_string()
}

fn sprocket(program: &Path, folder: &Path, count: u32) -> Command {
    let workflow = format!(
        "version 1.1\n\
         task echo {{\n  input {{ Int n }}\n  command <<< echo ~{{n}} > out >>>\n  output {{ File out = \"out\" }}\n}}\n\
         workflow echoes {{\n  scatter (n in range({count})) {{ call echo {{ input: n = n }} }}\n  \
         output {{ Array[File] out = echo.out }}\n}}\n"
    );
    fs::write(folder.join("echoes.wdl"), workflow).unwrap();
    fs::write(folder.join("sprocket.toml"), "[run.backends.default]\ntype = \"local\"\n").unwrap();
    let mut command = command(program, folder);
    command.args(["run", "echoes.wdl", "--target", "echoes"]);
    command
}

fn snakemake(program: &Path, folder: &Path, count: u32) -> Command {
    let workflow = format!(
        "rule all:\n    input: expand(\"out/{{n}}\", n=range({count}))\n\
         rule echo:\n    output: \"out/{{n}}\"\n    shell: \"echo {{wildcards.n}} > {{output}}\"\n"
    );
    fs::write(folder.join("Snakefile"), workflow).unwrap();
    let mut command = command(program, folder);
    command.args(["--cores", &processors(), "--quiet", "all"]);
    command
}

fn redun(program: &Path, folder: &Path, count: u32) -> Command {
    let workflow = "from redun import File, script, task\n\n\
         redun_namespace = \"figures\"\n\n\n\
         @task()\ndef echo(n: int) -> File:\n    \
         return script(f\"echo {n} > out/{n}\", outputs=File(f\"out/{n}\"))\n\n\n\
         @task()\ndef main(count: int) -> list:\n    return [echo(n) for n in range(count)]\n";
    fs::write(folder.join("workflow.py"), workflow).unwrap();
    fs::create_dir(folder.join("out")).unwrap();
    let mut command = command(program, folder);
    command.args(["run", "workflow.py", "main", "--count", &count.to_string()]);
    command
}

/// A CWL workflow and its inputs, `echoes.cwl` and `inputs.yml`.
fn write_cwl(folder: &Path, count: u32) {
    let workflow = "cwlVersion: v1.2\nclass: Workflow\n\
         requirements: {ScatterFeatureRequirement: {}}\n\
         inputs: {numbers: 'int[]'}\noutputs: {out: {type: 'File[]', outputSource: echo/out}}\n\
         steps:\n  echo:\n    scatter: n\n    in: {n: numbers}\n    out: [out]\n    run:\n      \
         class: CommandLineTool\n      inputs: {n: int}\n      outputs: {out: stdout}\n      stdout: out\n      \
         arguments: [/bin/bash, -e, -l, -o, pipefail, -c, 'echo $(inputs.n)']\n";
    fs::write(folder.join("echoes.cwl"), workflow).unwrap();
    let mut inputs = "numbers:\n".to_owned();
    for number in 0..count {
        writeln!(inputs, "- {number}").unwrap();
    }
    fs::write(folder.join("inputs.yml"), inputs).unwrap();
}

fn cwltool(program: &Path, folder: &Path, count: u32) -> Command {
    write_cwl(folder, count);
    let mut command = command(program, folder);
    command.args(["--parallel", "--no-container", "--outdir", "out", "echoes.cwl", "inputs.yml"]);
    command
}

fn toil(program: &Path, folder: &Path, count: u32) -> Command {
    write_cwl(folder, count);
    let mut command = command(program, folder);
    command.args(["--no-container", "--batchSystem", "single_machine", "--maxCores", &processors()]);
    command.args(["--jobStore", "store", "--outdir", "out", "echoes.cwl", "inputs.yml"]);
    command
}
