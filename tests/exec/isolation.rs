//! What commands see of the machine and of each other, and that it is the same in every executor.

use std::collections::BTreeMap;
use std::path::Path;

use base::Fileset;
use exec::{CancelToken, Executor};

use crate::bed::{self, Bed, Exec, Kind, RUNTIME, text};
use crate::{ALL, Case};

const PROCESS: &[Kind] = &[Kind::Process, Kind::Shared];

pub(crate) const CASES: &[Case] = &[
    ("the_environment_is_clean", ALL, the_environment_is_clean),
    ("the_input_is_empty", ALL, the_input_is_empty),
    ("scratch_room_is_fresh", ALL, scratch_room_is_fresh),
    ("the_machine_is_not_written_to", ALL, the_machine_is_not_written_to),
    ("the_sandbox_cannot_be_undone", PROCESS, the_sandbox_cannot_be_undone),
    ("other_processes_are_not_seen", ALL, other_processes_are_not_seen),
    ("devices", ALL, devices),
    ("the_path_is_the_users", PROCESS, the_path_is_the_users),
    ("what_is_left_running_dies", ALL, what_is_left_running_dies),
    ("nothing_passes_from_one_command_to_the_next", ALL, nothing_passes_from_one_command_to_the_next),
    ("what_is_inherited_stays", PROCESS, what_is_inherited_stays),
    ("what_reflow_was_started_with_is_not_passed_on", &[Kind::Process], what_reflow_was_started_with_is_not_passed_on),
    ("mounts_stay_for_the_next_command", PROCESS, mounts_stay_for_the_next_command),
    ("commands_are_apart_at_one_time", ALL, commands_are_apart_at_one_time),
];

fn the_environment_is_clean(bed: &Bed) {
    // Set in the suite's own process by the build tool; must not get through.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() || std::env::var_os("HOME").is_some());
    let mut names: Vec<String> =
        bed.print("compgen -e | sort > %s").lines().filter(|name| *name != "_").map(str::to_owned).collect();
    // An image may bring more; these are the executor's and the shell's own.
    names.retain(|name| !matches!(name.as_str(), "HOSTNAME" | "LC_CTYPE"));
    assert_eq!(
        names,
        ["HOME", "OLDPWD", "PATH", "PWD", "SHLVL", "TMPDIR", "tmp"]
            .into_iter()
            .filter(|name| *name != "OLDPWD" || names.iter().any(|there| there == "OLDPWD"))
            .collect::<Vec<_>>()
    );
    assert_eq!(bed.print("echo $HOME $TMPDIR $tmp > %s"), "/tmp /tmp /tmp\n");
}

fn the_input_is_empty(bed: &Bed) {
    assert_eq!(bed.print("cat > %s"), "");
}

fn scratch_room_is_fresh(bed: &Bed) {
    for _ in 0..2 {
        assert_eq!(bed.print("ls -A /tmp | wc -l > %s; echo x > /tmp/left; mkdir ~/d $TMPDIR/e"), "0\n");
    }
}

fn the_machine_is_not_written_to(bed: &Bed) {
    let file = bed.state().join("precious");
    std::fs::write(&file, "precious").unwrap();
    let path = file.display();
    // In a container the path leads nowhere, in a sandbox the file is read-only.
    for attack in [format!("echo x > {path}"), format!("rm {path}"), format!("mv {path} /tmp/")] {
        assert!(bed.run(&Exec::new(&attack)).outcome.is_err(), "{attack}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    // The working directory may be written to, and nobody else sees it.
    assert_eq!(bed.print("echo x > here; cat here > %s"), "x\n");
    assert!(!Path::new("/here").exists());
}

fn the_sandbox_cannot_be_undone(bed: &Bed) {
    for attack in [
        "mount -o remount,rw,bind /etc",
        "umount /etc",
        "umount -l /proc/sys",
        "umount -l /arg",
        "umount -l /tmp",
        "chmod 700 /dev/pts",
        "chmod 000 /dev/pts/ptmx",
        "mount -t tmpfs none /etc",
        "mknod /tmp/disk b 8 0",
        "cp /bin/true /tmp/program; setcap cap_sys_admin+ep /tmp/program",
        "echo 1 > /proc/sys/kernel/panic",
        "echo b > /proc/sysrq-trigger.disabled",
        "echo x > /etc/reflow-exec-test",
        "echo x > /sys/kernel/mm/transparent_hugepage/enabled",
        "for held in /proc/1/fd/*; do ls $held/.. && exit; done; exit 1",
        "chroot /proc/1/root sh -c 'echo x > /etc/reflow-exec-test'",
        "nsenter -t 1 -m sh -c 'echo x > /etc/reflow-exec-test'",
        "unshare -Urm sh -c 'mount -o remount,rw,bind /etc && echo x > /etc/reflow-exec-test'",
    ] {
        assert!(bed.run(&Exec::new(attack)).outcome.is_err(), "{attack}");
    }
    assert!(!Path::new("/etc/reflow-exec-test").exists());
}

fn other_processes_are_not_seen(bed: &Bed) {
    // The shell, what it runs, and in the sandbox its minder.
    let count: usize = bed.print("ls /proc | grep -c '^[0-9]' > %s").trim().parse().unwrap();
    if bed.kind == Kind::Shared {
        // This is what that kind is without.
        assert!(count > 5, "{count} processes");
        return;
    }
    assert!(count <= 5, "{count} processes");
    assert!(bed.run(&Exec::new(&format!("kill -0 {}", std::process::id()))).outcome.is_err());
}

fn devices(bed: &Bed) {
    let command = "echo x > /dev/null; head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; echo y > /dev/stdout; \
                   echo z > /dev/shm/z; cat /dev/shm/z; cat /dev/fd/3 3<<<w; ls /dev | grep -cE '^(sd|vd|nvme|kmsg|mem)' || true";
    let report = bed.run(&Exec::new(command));
    assert!(report.outcome.is_ok(), "{}", text(&report.stderr));
    assert_eq!(text(&report.stdout), "3\n5\ny\nz\nw\n0\n");
}

fn the_path_is_the_users(bed: &Bed) {
    // Login files of many systems would set another.
    assert_eq!(bed.print("echo \"$PATH\" > %s").trim_end(), std::env::var("PATH").unwrap());
    assert_eq!(bed.print("locale charmap > %s"), "UTF-8\n");
}

fn what_is_left_running_dies(bed: &Bed) {
    let token = format!("{}.{}", 100_000 + std::process::id(), bed.kind as u8);
    let before = std::time::Instant::now();
    let command =
        format!("sleep {token} & (setsid sleep {token} > /dev/null 2>&1 &) ; (sleep {token} &); echo done > %s");
    assert_eq!(bed.print(&command), "done\n");
    assert!(before.elapsed().as_secs() < 30);
    assert_eq!(crate::machine::processes_with_argument(&token), Vec::<u32>::new());
}

fn nothing_passes_from_one_command_to_the_next(bed: &Bed) {
    let look = "ls -A /tmp /return /dev/shm /dev/mqueue 2>/dev/null | grep -cv '^$\\|^0$\\|:$' > %s || true; \
                (lsattr -d /tmp /return /dev/shm 2>/dev/null || true) | cut -d ' ' -f 1 | tr -d I >> %s; \
                cat /proc/sysvipc/* | grep -c '^ *[-0-9]' >> %s || true; stat -c '%%a %%u' /dev/shm >> %s";
    let looked = Exec::new(look).file_output().again(0).again(0).again(0);
    let as_new = bed.content(&bed.collect(&looked).fileset.list[0]);
    assert!(as_new.starts_with("0\n") && as_new.contains("\n0\n1777 "), "{as_new}");
    // Each by itself: a look at one of them must not stand for all.
    let traces = [
        "echo x > /dev/shm/d",
        "mkdir /dev/shm/.d",
        "chmod 700 /dev/shm",
        "chattr +A /dev/shm || true",
        "chattr +SA /tmp || true",
        "chattr +S /return || true",
        "ipcmk -M 4096",
        "ipcmk -Q",
        "ipcmk -S 1",
        "test ! -e /dev/mqueue || : > /dev/mqueue/q",
    ];
    // As many as may be minded by the same process, and some that fail.
    for (round, trace) in traces.into_iter().enumerate() {
        let big = "head -c 60M /dev/zero | tail -c 1";
        let leave = format!(
            "echo {round} > /tmp/a; mkdir -p /tmp/b/c; {trace} > /dev/null 2>&1; \
             (sleep 1000 &); ulimit -n 50; umask 077; cd /; x=$({big} | tr '\\0' x); exit {}",
            round % 2
        );
        assert_eq!(bed.run(&Exec::new(&leave)).outcome.is_ok(), round % 2 == 0);
        let report = bed.run(&looked);
        assert!(report.usage.max_memory < 40 << 20, "{:?}", report.usage);
        let printed = report.outcome.expect("it succeeds").fileset;
        assert_eq!(bed.content(&printed.list[0]), as_new, "{trace}");
        assert_eq!(bed.print("umask > %s; ulimit -n >> /dev/null; pwd > /dev/null"), "0022\n");
    }
}

fn what_is_inherited_stays(bed: &Bed) {
    let look = "(ulimit -a; nproc; nice; chrt -p $$ | grep -c OTHER; ionice; cat /proc/self/oom_score_adj; \
                cat /proc/self/coredump_filter) > %s";
    let as_new = bed.print(look);
    // When memory runs out the kernel takes commands first.
    assert!(as_new.contains("\n1000\n"), "{as_new}");
    let changes = [
        "prlimit --pid $PPID --nofile=50:60",
        "taskset -p 1 $PPID",
        "renice -n 7 -p $PPID",
        "chrt --idle -p 0 $PPID",
        "ionice -c 3 -p $PPID",
        "(echo 7 > /proc/$PPID/oom_score_adj)",
        "(echo 0x7f > /proc/$PPID/coredump_filter)",
    ];
    for change in changes {
        // The kernel refuses some where the minder has more privileges.
        bed.print(&format!("{change} > /dev/null 2>&1 || true; echo done > %s"));
        assert_eq!(bed.print(look), as_new, "{change}");
    }
}

fn what_reflow_was_started_with_is_not_passed_on(bed: &Bed) {
    // Without word of their children's ends, minders would not learn that a command has ended.
    bed::launch_by(bed.state(), "trap '' HUP TERM CHLD USR1; exec 7</etc; exec \"$program\" \"$@\"");
    let executor = RUNTIME.block_on(bed::open_process(bed.state())).unwrap();
    /// The bits of these signals.
    const SIGNALS: u64 = 1 | 1 << 14 | 1 << 16 | 1 << 9;
    let look =
        "grep SigIgn /proc/self/status; for held in /proc/self/fd/*; do readlink $held || true; done | grep /etc";
    let report = RUNTIME.block_on(executor.run(&Exec::new(look).request(), &|_| {}, &CancelToken::never())).unwrap();
    let (said, ignored) = (text(&report.stdout), |said: &str| u64::from_str_radix(said.trim(), 16).unwrap() & SIGNALS);
    assert_eq!(said.strip_prefix("SigIgn:").map(ignored), Some(0), "{said}");
}

fn mounts_stay_for_the_next_command(bed: &Bed) {
    let look = "grep -E ' (/arg|/return|/tmp|/dev/shm|/dev/mqueue) ' /proc/self/mountinfo | cut -d ' ' -f 1,5 > %s";
    let [first, second] = [(); 2].map(|()| bed.print(look));
    let places = ["/arg", "/return", "/tmp", "/dev/shm"];
    assert!(places.iter().all(|place| first.lines().any(|line| line.ends_with(&format!(" {place}")))), "{first}");
    assert_eq!(first, second);
}

fn commands_are_apart_at_one_time(bed: &Bed) {
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6)
            .map(|number| {
                let command = format!("echo {number} > /tmp/own; sleep 0.3; cat /tmp/own > %s; ls /tmp | wc -l >> %s");
                let exec = Exec::new(&command).file_output().again(0);
                scope.spawn(move || bed.content(&bed.collect(&exec).fileset.list[0]))
            })
            .collect();
        for (number, run) in runs.into_iter().enumerate() {
            assert_eq!(run.join().unwrap(), format!("{number}\n1\n"));
        }
    });
}

/// The same commands with the same inputs give the same bytes.
pub(crate) fn both_executors_show_the_same() {
    let shown = |kind: Kind| -> Vec<BTreeMap<String, String>> {
        let bed = Bed::new(kind);
        let list = Fileset::of_list(vec![bed.file("a"), bed.folder(&[("x/y", "b")]), Fileset::new()]);
        let exec = Exec::new(
            "paths=%s; list='%s'; folder=%s; echo $paths $list $folder > %s; (cd /arg; pwd) > %s; find $list $folder | sort > %s/found; \
             printf '%%s\\n' \"$HOME\" \"$tmp\" \"$TMPDIR\" \"${out-none}\" $- > %s; umask > %s; \
             touch %s/file; stat -c '%%a %%F' /arg /return /tmp $folder/../ %s/file > %s; id -u > %s; \
             (readlink /proc/self/fd/0; test -p /dev/stdout && echo pipe; tty || true) > %s",
        )
        .input(bed.file("first"))
        .input(list)
        .input(bed.folder(&[("p", "1"), ("q", "2")]))
        .file_output()
        .file_output()
        .folder_output()
        .file_output()
        .file_output()
        .folder_output()
        .again(5)
        .file_output()
        .file_output()
        .file_output();
        let collected = bed.collect(&exec);
        collected.fileset.list.iter().map(|part| bed.contents(part)).collect()
    };
    let process = shown(Kind::Process);
    assert_eq!(process[0], crate::bed::map(&[(".", "/arg/0/0 /arg/1/0 /arg/1/1 /arg/1/2 /arg/2/0\n")]));
    assert_eq!(process, shown(Kind::Docker));
}
