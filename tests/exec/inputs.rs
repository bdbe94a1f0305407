//! What commands are given: where it is, that it cannot be changed, and what is refused.

use base::file::Origin;
use base::{Digest, File, Fileset, Kind as Failure};

use crate::bed::{Bed, Exec, map};
use crate::{ALL, Case};

pub(crate) const CASES: &[Case] = &[
    ("rt_118_a_file", ALL, a_file),
    ("a_folder", ALL, a_folder),
    ("rt_118_a_list", ALL, a_list),
    ("positions_count_every_argument", ALL, positions_count_every_argument),
    ("odd_names", ALL, odd_names),
    ("inputs_are_read_only", ALL, inputs_are_read_only),
    ("hostile_paths_are_refused", ALL, hostile_paths_are_refused),
    ("what_is_not_there_is_refused", ALL, what_is_not_there_is_refused),
];

fn a_file(bed: &Bed) {
    let exec = Exec::new("test -f %s; wc -c < /arg/0/0 > %s").input(bed.file("12345")).file_output();
    assert_eq!(bed.content(&bed.collect(&exec).fileset.list[0]), "5\n");
}

fn a_folder(bed: &Bed) {
    let folder = bed.folder(&[("a", "1"), ("deep/er/b", "2"), ("deep/c", "")]);
    let exec = Exec::new("(cd %s; find . -type f | sort; cat deep/er/b) > %s").input(folder).file_output();
    assert_eq!(bed.content(&bed.collect(&exec).fileset.list[0]), "./a\n./deep/c\n./deep/er/b\n2");
    let exec = Exec::new("ls -A %s | wc -l > %s").input(Fileset::new()).file_output();
    assert_eq!(bed.content(&bed.collect(&exec).fileset.list[0]), "0\n");
}

fn a_list(bed: &Bed) {
    let list = Fileset::of_list(vec![bed.file("x"), bed.folder(&[("y", "z")]), Fileset::of_list(vec![bed.file("w")])]);
    let exec = Exec::new("for i in %s; do echo $i $(cat $i 2>&- || cat $i/*); done > %s").input(list).file_output();
    assert_eq!(bed.content(&bed.collect(&exec).fileset.list[0]), "/arg/0/0 x\n/arg/0/1 z\n/arg/0/2 w\n");
}

fn positions_count_every_argument(bed: &Bed) {
    let exec = Exec::new(": > %s; cat %s %s; echo '%s %s' >> %s")
        .file_output()
        .input(bed.file(""))
        .input(bed.file(""))
        .input(bed.file(""))
        .again(0)
        .again(0);
    assert_eq!(bed.content(&bed.collect(&exec).fileset.list[0]), "/arg/3/0 /return/0\n");
}

const ODD: [&str; 9] = [
    "with blank",
    "-rf",
    "it's \"quoted\"",
    "żółć 🦀",
    "$(touch x)",
    "a\nb",
    "back\\slash",
    "..two dots",
    "sub dir/*?[x]",
];

fn odd_names(bed: &Bed) {
    let files: Vec<(&str, &str)> = ODD.iter().map(|name| (*name, "content")).collect();
    let exec = Exec::new("cp -r %s/. %s/").input(bed.folder(&files)).folder_output();
    assert_eq!(bed.contents(&bed.collect(&exec).fileset.list[0]), map(&files));
}

fn inputs_are_read_only(bed: &Bed) {
    let (file, folder) = (bed.file("intact"), bed.folder(&[("a", "intact too")]));
    for attack in [
        "echo x >> %s; : %s",
        ": %s; echo x > %s/a",
        "rm -f %s; : %s",
        ": %s; touch %s/new",
        "chmod 777 %s; : %s",
        "mv %s /tmp/; : %s",
        "ln -f %s /tmp/link; echo x >> /tmp/link; : %s",
        "mount -o remount,rw /arg; echo x >> %s; : %s",
    ] {
        let report = bed.run(&Exec::new(attack).input(file.clone()).input(folder.clone()));
        assert!(report.outcome.is_err(), "{attack}");
    }
    for (fileset, content) in [(&file, "intact"), (&folder, "intact too")] {
        let (_, file) = fileset.entries().next().unwrap();
        let id = file.id.unwrap();
        assert_eq!(std::fs::read_to_string(bed.repository.path(&id)).unwrap(), content);
        assert_eq!(id, Digest::of(content));
    }
}

fn hostile_paths_are_refused(bed: &Bed) {
    let outside = bed.state().join("outside");
    for path in ["../outside", "a/../../../../outside", outside.to_str().unwrap(), "a//b", "", "a/.", "nul\0"] {
        let error = bed.try_run(&Exec::new("ls %s").input(bed.folder(&[(path, "x")]))).unwrap_err();
        assert_eq!(error.kind(), Failure::Invalid, "{path:?}: {error}");
        assert!(error.to_string().contains("input 0"), "{error}");
    }
    let error = bed.try_run(&Exec::new("ls %s").input(bed.folder(&[(".", "x"), ("a", "y")]))).unwrap_err();
    assert_eq!(error.kind(), Failure::Invalid, "{error}");
    assert!(!outside.exists());
}

fn what_is_not_there_is_refused(bed: &Bed) {
    let missing = Fileset::of_file(File::resolved(Digest::of("never stored"), 12));
    let error = bed.try_run(&Exec::new("cat %s").input(missing)).unwrap_err();
    assert_eq!(error.kind(), Failure::NotExist, "{error}");

    let origin = Origin { source: "s3://bucket/key".to_owned(), ..Origin::default() };
    let reference = Fileset::of_file(File::reference(1, origin));
    let error = bed.try_run(&Exec::new("cat %s").input(reference)).unwrap_err();
    assert_eq!(error.kind(), Failure::Invalid, "{error}");
    assert!(error.to_string().contains("s3://bucket/key"), "{error}");

    for template in ["cat %s", "cat %d", "100%"] {
        let error = bed.try_run(&Exec::new(template)).unwrap_err();
        assert_eq!(error.kind(), Failure::Invalid, "{template}: {error}");
    }
}
