//! Commands that succeed: their outputs, their logs, what is told about them.

use base::Digest;
use exec::ExecEvent;

use crate::bed::{Bed, Exec, Kind, map, text};
use crate::{ALL, Case};

pub(crate) const CASES: &[Case] = &[
    ("rt_122_a_file", ALL, a_file),
    ("rt_119_several_outputs_in_any_order", ALL, several_outputs_in_any_order),
    ("rt_119_a_folder", ALL, a_folder),
    ("rt_120_without_declared_outputs", ALL, without_declared_outputs),
    ("equal_outputs_are_one_blob", ALL, equal_outputs_are_one_blob),
    ("streams_are_kept_apart", ALL, streams_are_kept_apart),
    ("silence_leaves_no_log", ALL, silence_leaves_no_log),
    ("ten_megabytes_of_output", ALL, ten_megabytes_of_output),
    ("thousands_of_files", ALL, thousands_of_files),
    ("percent_signs", ALL, percent_signs),
    ("a_command_of_half_a_megabyte", ALL, a_command_of_half_a_megabyte),
    ("the_shell_is_a_bash_that_has_what_login_files_export", ALL, the_shell_is_a_bash_that_has_what_login_files_export),
    ("events_come_in_order", ALL, events_come_in_order),
    ("usage_is_measured", ALL, usage_is_measured),
    ("a_profile_is_sampled", ALL, a_profile_is_sampled),
    ("nothing_is_sampled_of_what_is_over_at_once", ALL, nothing_is_sampled_of_what_is_over_at_once),
    ("eight_at_once", ALL, eight_at_once),
    ("identity", ALL, identity),
];

fn a_file(bed: &Bed) {
    let report = bed.run(&Exec::new("echo hello > %s").file_output());
    let collected = report.outcome.unwrap();
    let digest = Digest::of("hello\n");
    assert_eq!(collected.fileset.list.len(), 1);
    let file = collected.fileset.list[0].file().unwrap();
    assert_eq!((file.id, file.size), (Some(digest), 6));
    assert_eq!((collected.new_blobs, collected.notes), (vec![digest], Vec::new()));
    assert_eq!(std::fs::read(bed.repository.path(&digest)).unwrap(), b"hello\n");
    assert_eq!(report.status, Some(0));
    assert_eq!(std::fs::read_to_string(report.script).unwrap(), "echo hello > /return/0");
}

fn several_outputs_in_any_order(bed: &Bed) {
    let exec = Exec::new("echo a > %s; mkdir %s/sub; echo b > %s; echo c > %s; mv %s/../1/sub %s; echo d > %s/sub/d")
        .file_output()
        .folder_output()
        .file_output()
        .file_output()
        .again(1)
        .again(1)
        .again(1);
    // Moving a folder onto itself fails; the shell must not go on.
    assert!(bed.run(&exec).outcome.is_err());

    let exec = Exec::new("echo a > %s; echo b > %s; echo x > %s/x; echo more >> %s")
        .file_output()
        .file_output()
        .folder_output()
        .again(0);
    let list = bed.collect(&exec).fileset.list;
    assert_eq!(bed.content(&list[0]), "a\nmore\n");
    assert_eq!(bed.content(&list[1]), "b\n");
    assert_eq!(bed.contents(&list[2]), map(&[("x", "x\n")]));
}

fn a_folder(bed: &Bed) {
    let command = "cd %s; mkdir -p a/b empty; echo 1 > a/b/one; echo 2 > two; : > nothing";
    let list = bed.collect(&Exec::new(command).folder_output()).fileset.list;
    assert_eq!(bed.contents(&list[0]), map(&[("a/b/one", "1\n"), ("nothing", ""), ("two", "2\n")]));
    let list = bed.collect(&Exec::new("test -d %s").folder_output()).fileset.list;
    assert!(list[0].is_empty());
}

fn without_declared_outputs(bed: &Bed) {
    let file = bed.collect(&Exec::new("echo $out > $out")).fileset;
    assert_eq!(bed.content(&file), "/return/default\n");
    let folder = bed.collect(&Exec::new("mkdir $out; echo 1 > $out/a; echo 2 > $out/b")).fileset;
    assert_eq!(bed.contents(&folder), map(&[("a", "1\n"), ("b", "2\n")]));
    assert!(bed.collect(&Exec::new("true")).fileset.is_empty());
    assert_eq!(bed.print("echo ${out-unset} > %s"), "unset\n");
}

fn equal_outputs_are_one_blob(bed: &Bed) {
    let exec =
        Exec::new("echo same | tee %s > %s; ln %s %s/linked").file_output().file_output().again(0).folder_output();
    let collected = bed.collect(&exec);
    let digest = Digest::of("same\n");
    assert_eq!(collected.new_blobs, [digest]);
    assert!(collected.fileset.entries().all(|(_, file)| file.id == Some(digest)));
    assert_eq!(collected.fileset.count(), 3);
}

fn streams_are_kept_apart(bed: &Bed) {
    let report = bed.run(&Exec::new("echo out; echo err >&2; echo more; tee /dev/stderr < /dev/null; printf end >&2"));
    assert_eq!(text(&report.stdout), "out\nmore\n");
    assert_eq!(text(&report.stderr), "err\nend");
    assert_eq!((report.stdout.size, report.stderr.size), (9, 7));
    assert_eq!(std::fs::read(&report.stdout.path).unwrap(), b"out\nmore\n");
}

fn silence_leaves_no_log(bed: &Bed) {
    let report = bed.run(&Exec::new("true"));
    assert_eq!((report.stdout.size, report.stderr.size), (0, 0));
    assert!(!report.stdout.path.exists() && !report.stderr.path.exists());
    assert!(report.script.exists());
}

fn ten_megabytes_of_output(bed: &Bed) {
    let report = bed.run(&Exec::new("head -c 10485760 /dev/zero | tr '\\0' x; echo done >&2"));
    assert_eq!(report.status, Some(0));
    assert_eq!(report.stdout.size, 10 << 20);
    let bytes = std::fs::read(&report.stdout.path).unwrap();
    assert!(bytes.len() == 10 << 20 && bytes.iter().all(|byte| *byte == b'x'));
    assert_eq!(text(&report.stderr), "done\n");
}

fn thousands_of_files(bed: &Bed) {
    let list =
        bed.collect(&Exec::new("cd %s; for i in {1..3000}; do echo $i > f$i; done").folder_output()).fileset.list;
    assert_eq!(list[0].count(), 3000);
    assert_eq!(list[0].map["f2999"].id, Some(Digest::of("2999\n")));
    // And back in again.
    let sum = "cat %s/* | awk '{ s += $1 } END { print s }' > %s";
    let sum = bed.collect(&Exec::new(sum).input(list[0].clone()).file_output()).fileset;
    assert_eq!(bed.content(&sum.list[0]), "4501500\n");
}

fn percent_signs(bed: &Bed) {
    assert_eq!(bed.print("printf '%%d%%%% %%s' 100 done > %s"), "100% done");
}

fn a_command_of_half_a_megabyte(bed: &Bed) {
    let filler = ": a comment of some length that does nothing at all\n".repeat(10_000);
    let print = |rest: &str| bed.collect(&Exec::new(&format!("{filler}{rest}")).file_output()).fileset;
    let printed = print("if false | true; then exit 3; fi; echo end > %s");
    assert_eq!(bed.content(&printed.list[0]), "end\n");
    let failure = bed.failure(&Exec::new(&format!("{filler}false\nexit 4")));
    assert_eq!(failure.message(), "exited with code 1");
}

fn the_shell_is_a_bash_that_has_what_login_files_export(bed: &Bed) {
    assert_eq!(bed.print("echo $BASH > %s"), "/bin/bash\n");
    let exported = "env | grep -vE '^(PATH|SHLVL|OLDPWD|_)=' | sort";
    let command = format!("diff <({exported}) <(bash -l -c \"{exported}\") > %s");
    assert_eq!(bed.print(&command), "");
    if bed.kind == Kind::Docker {
        // Programs that run there may expect what runtime spec §6.3 has to the letter.
        assert_eq!(bed.print("shopt -q login_shell; echo yes > %s"), "yes\n");
    }
    assert_eq!(bed.print("set -o | grep -E 'pipefail|errexit' | tr -s '\\t ' ' ' > %s"), "errexit on\npipefail on\n");
    assert_eq!(bed.print("a=(1 2 3); [[ ${a[1]} == 2 ]] && cat <(echo \"${#a[@]}\") > %s"), "3\n");
}

fn events_come_in_order(bed: &Bed) {
    let (events, report) = bed.events(&Exec::new("exit 3"));
    let [ExecEvent::Staged, ExecEvent::Started { pid, container }, ExecEvent::Exited { status: 3 }] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(pid.is_some(), bed.kind != Kind::Docker);
    assert_eq!(container.is_some(), bed.kind == Kind::Docker);
    assert_eq!(report.status, Some(3));
}

fn usage_is_measured(bed: &Bed) {
    let before = std::time::SystemTime::now();
    let report = bed.run(&Exec::new(
        "end=$((SECONDS + 4)); x=$(head -c 60M /dev/zero | tr '\\0' x); head -c 3M /dev/zero > /tmp/a; sync /tmp/a; \
         while ((SECONDS < end)); do :; done",
    ));
    let usage = report.usage;
    if bed.kind != Kind::Docker {
        let written = usage.io.expect("the kernel counts it").written;
        assert!((3 << 20..100 << 20).contains(&written), "{written}");
    }
    assert!(usage.wall.as_secs_f64() > 2.5 && usage.wall.as_secs_f64() < 60.0, "{usage:?}");
    assert!(usage.cpu > 0.5 && usage.cpu < 60.0, "{usage:?}");
    assert!(usage.max_memory > 50 << 20 && usage.max_memory < 4 << 30, "{usage:?}");
    assert!(before <= report.started && report.started < report.ended && report.ended <= std::time::SystemTime::now());
}

fn a_profile_is_sampled(bed: &Bed) {
    let spin = "end=$((SECONDS + 4)); while ((SECONDS < end)); do :; done";
    let command = format!(
        "x=$(head -c 60M /dev/zero | tr '\\0' x); head -c 5000 /dev/zero > $tmp/a; mkdir $tmp/b; \
                           head -c 2000 /dev/zero > $tmp/b/c; echo 12345 > %s; {spin}"
    );
    let (events, report) = bed.events(&Exec::new(&command).file_output());
    let gauge = |name: &str| *report.profile.get(name).unwrap_or_else(|| panic!("no {name}: {}", report.profile));
    let (cpu, mem) = (gauge("cpu"), gauge("mem"));
    assert!(cpu.count >= 1 && cpu.max > 0.05 && cpu.max < 64.0 && cpu.mean <= cpu.max, "{}", report.profile);
    assert!(mem.count >= 2 && mem.max > 5e7 && mem.max < 4e9 && mem.mean > 5e7, "{}", report.profile);
    assert!(report.usage.max_memory >= mem.max as u64);
    assert_eq!((gauge("disk").max, gauge("tmp").max), (6.0, 7000.0));
    assert!(report.started < mem.first() && mem.first() < mem.last() && mem.last() <= report.ended, "{report:?}");
    let told = events.iter().filter(|event| matches!(event, ExecEvent::Gauges(_))).count();
    assert!((1..=6).contains(&told), "{events:?}");
    let ExecEvent::Gauges(first) = &events[2] else { panic!("{events:?}") };
    assert!(first["mem"] > 1e5, "{first:?}");
}

fn nothing_is_sampled_of_what_is_over_at_once(bed: &Bed) {
    assert!(bed.run(&Exec::new("true")).profile.is_empty());
}

fn eight_at_once(bed: &Bed) {
    std::thread::scope(|scope| {
        for number in 0..8 {
            scope.spawn(move || {
                let exec = Exec::new("cat %s > %s; sleep 0.2").input(bed.file(format!("{number}"))).file_output();
                assert_eq!(bed.content(&bed.collect(&exec).fileset.list[0]), format!("{number}"));
            });
        }
    });
}

fn identity(bed: &Bed) {
    let executor = &bed.executor;
    assert_eq!(executor.name(), if bed.kind == Kind::Docker { "docker" } else { "process" });
    assert_eq!(executor.salt().is_some(), bed.kind != Kind::Docker);
    assert_eq!(executor.notice(), None);
    let capacity = executor.capacity();
    assert!(capacity.get("cpu") >= 1.0 && capacity.get("mem") > 1e8 && capacity.get("disk") > 1e8, "{capacity:?}");
}
