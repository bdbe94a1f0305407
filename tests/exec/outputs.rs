//! What commands leave: what is taken, what is left out, what is refused.

use base::Kind as Failure;

use crate::bed::{Bed, Exec, map};
use crate::{ALL, Case};

pub(crate) const CASES: &[Case] = &[
    ("missing", ALL, missing),
    ("of_the_wrong_kind", ALL, of_the_wrong_kind),
    ("links_inside_are_followed", ALL, links_inside_are_followed),
    ("links_that_escape_are_refused", ALL, links_that_escape_are_refused),
    ("links_in_circles_are_left_out", ALL, links_in_circles_are_left_out),
    ("links_to_nowhere_are_left_out", ALL, links_to_nowhere_are_left_out),
    ("links_as_outputs", ALL, links_as_outputs),
    ("links_that_multiply_are_refused", ALL, links_that_multiply_are_refused),
    ("odd_names", ALL, odd_names),
    ("names_that_are_not_utf8_are_refused", ALL, names_that_are_not_utf8_are_refused),
    ("pipes_are_left_out", ALL, pipes_are_left_out),
    ("sealed_files_and_folders", ALL, sealed_files_and_folders),
    ("deep_folders", ALL, deep_folders),
];

/// The failure of a command whose first output is a file and whose second is a folder.
fn failure(bed: &Bed, command: &str) -> String {
    let failure = bed.failure(&Exec::new(&format!("file=%s folder=%s; {command}")).file_output().folder_output());
    assert_eq!(failure.kind(), Failure::Invalid, "{failure}");
    failure.message().to_owned()
}

/// The folder that a command leaves, and the notes about it.
fn folder(bed: &Bed, command: &str) -> (std::collections::BTreeMap<String, String>, Vec<String>) {
    let collected = bed.collect(&Exec::new(&format!("cd %s; {command}")).folder_output());
    (bed.contents(&collected.fileset.list[0]), collected.notes)
}

fn missing(bed: &Bed) {
    assert_eq!(failure(bed, "true"), "output 0 is missing: the command did not create the file /return/0");
    assert_eq!(
        failure(bed, "echo > $file; rmdir $folder"),
        "output 1 is missing: the command did not create the directory /return/1"
    );
}

fn of_the_wrong_kind(bed: &Bed) {
    assert_eq!(failure(bed, "mkdir $file"), "output 0 must be a file, but the command left a directory at /return/0");
    assert_eq!(
        failure(bed, "echo > $file; rmdir $folder; echo > $folder"),
        "output 1 must be a directory, but the command left a file at /return/1"
    );
    assert_eq!(failure(bed, "mkfifo $file"), "output 0 must be a file, but the command left a named pipe at /return/0");
}

fn links_inside_are_followed(bed: &Bed) {
    let command = "mkdir -p a/b c; echo 1 > a/b/one; ln -s a/b/one file; ln -s ../../a/b/one a/b/up; \
                   ln -s $PWD/a/b/one absolute; ln -s $PWD/a/b c/folder; ln -s ./file chain; ln -s c/folder/../b/one through";
    let (files, notes) = folder(bed, command);
    let paths = ["a/b/one", "a/b/up", "absolute", "c/folder/one", "c/folder/up", "chain", "file", "through"];
    assert_eq!(files, map(&paths.map(|path| (path, "1\n"))));
    assert_eq!(notes, Vec::<String>::new());
    // Between outputs too: all of /return is the command's own.
    let exec = Exec::new("echo x > %s; ln -s %s %s/link").file_output().again(0).folder_output();
    assert_eq!(bed.contents(&bed.collect(&exec).fileset.list[1]), map(&[("link", "x\n")]));
}

fn links_that_escape_are_refused(bed: &Bed) {
    for target in ["/etc/passwd", "../../../etc/passwd", "/arg/0/0", "/return/../etc/passwd", "/tmp/x", "/nowhere"] {
        let command = format!("echo > $file; echo > /tmp/x; mkdir $folder/sub; ln -s {target} $folder/sub/link");
        assert_eq!(
            failure(bed, &command),
            format!(
                "output 1: \"sub/link\" is a symbolic link to {target}, which is outside of the outputs; copy the file instead"
            )
        );
    }
}

fn links_in_circles_are_left_out(bed: &Bed) {
    let (files, notes) =
        folder(bed, "echo 1 > one; ln -s loop loop; ln -s . self; mkdir sub; ln -s .. sub/up; ln -s /return sub/all");
    assert_eq!(files, map(&[("one", "1\n")]));
    let mut notes = notes;
    notes.sort();
    let back = "was left out: it is a link back to a folder that it is in";
    assert_eq!(
        notes,
        [
            "output 0: \"loop\" was left out: it is a symbolic link to loop, which leads round in a circle".to_owned(),
            format!("output 0: \"self\" {back}"),
            format!("output 0: \"sub/all\" {back}"),
            format!("output 0: \"sub/up\" {back}"),
        ]
    );
}

fn links_to_nowhere_are_left_out(bed: &Bed) {
    let (files, notes) = folder(bed, "echo 1 > one; ln -s nothing a; ln -s one/two b");
    assert_eq!(files, map(&[("one", "1\n")]));
    let mut notes = notes;
    notes.sort();
    assert_eq!(
        notes,
        [
            "output 0: \"a\" was left out: it is a symbolic link to nothing, which does not exist",
            "output 0: \"b\" was left out: it is a symbolic link to one/two, which does not exist",
        ]
    );
}

fn links_as_outputs(bed: &Bed) {
    let exec = Exec::new(
        "echo x > /return/other; mkdir /return/d; echo y > /return/d/y; ln -s other %s; rmdir %s; ln -s d %s",
    )
    .file_output()
    .folder_output()
    .again(1);
    let list = bed.collect(&exec).fileset.list;
    assert_eq!(bed.content(&list[0]), "x\n");
    assert_eq!(bed.contents(&list[1]), map(&[("y", "y\n")]));
    for (target, fault) in [
        ("/etc/passwd", "which is outside of the outputs"),
        ("nothing", "which does not exist"),
        ("0", "which leads round in a circle"),
    ] {
        assert_eq!(
            failure(bed, &format!("ln -s {target} $file")),
            format!("output 0 is a symbolic link to {target}, {fault}")
        );
    }
}

fn links_that_multiply_are_refused(bed: &Bed) {
    // 2^25 names for one file.
    let command = "echo > $file; cd $folder; mkdir d0; echo > d0/f; \
                   for i in {1..25}; do mkdir d$i; ln -s ../d$((i-1)) d$i/a; ln -s ../d$((i-1)) d$i/b; done";
    let failure = failure(bed, command);
    assert!(failure.starts_with("output 1: links lead to the folder /return/1/d"), "{failure}");
    assert!(failure.ends_with(" more than 1000 times"), "{failure}");
}

fn odd_names(bed: &Bed) {
    let command = r#"for i in 'with blank' -rf "it's" '"q"' 'żółć 🦀' '$(x)' $'a\nb' 'back\slash' ..dots '*?'; do echo > "./$i"; done"#;
    let (files, _) = folder(bed, command);
    let names = ["\"q\"", "$(x)", "*?", "-rf", "..dots", "a\nb", "back\\slash", "it's", "with blank", "żółć 🦀"];
    assert_eq!(files, map(&names.map(|name| (name, "\n"))));
}

fn names_that_are_not_utf8_are_refused(bed: &Bed) {
    let failure = failure(bed, r"echo > $file; mkdir $folder/a; echo > $folder/a/$'b\xff'");
    assert!(failure.starts_with("output 1 has a file whose name is not UTF-8: \"a/b\u{fffd}\""), "{failure}");
}

fn pipes_are_left_out(bed: &Bed) {
    let (files, notes) = folder(bed, "mkfifo pipe; echo > file");
    assert_eq!(files, map(&[("file", "\n")]));
    assert_eq!(notes, ["output 0: \"pipe\" was left out: it is a named pipe"]);
}

fn sealed_files_and_folders(bed: &Bed) {
    let (files, _) = folder(bed, "mkdir a; echo 1 > a/one; echo 2 > two; chmod 0 two a/one a");
    assert_eq!(files, map(&[("a/one", "1\n"), ("two", "2\n")]));
    // What is left in the scratch folder must not keep it from being removed.
    bed.collect(&Exec::new("mkdir -p /tmp/a/b; echo > /tmp/a/b/c; chmod 0 /tmp/a/b /tmp/a"));
}

fn deep_folders(bed: &Bed) {
    let (files, _) = folder(bed, "for i in {1..500}; do mkdir d; cd d; done; echo bottom > file");
    assert_eq!(files, map(&[(&format!("{}file", "d/".repeat(500)), "bottom\n")]));
}
