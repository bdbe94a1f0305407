use base::Resources;
use base::config::{Arg, ExecConfig, OutputKind};

use crate::sample::files;

#[test]
fn an_exec_fits_on_a_line() {
    let config = ExecConfig {
        ident: "align.Main".into(),
        image: "ubuntu".into(),
        original_image: "ubuntu$aws".into(),
        command: "\tcat %s > \"%s\"\n".into(),
        args: vec![Arg::Input(files(&["foo"])), Arg::Output(0)],
        outputs: vec![OutputKind::File],
        resources: Resources::of(1.0, 1024.0, 0.0),
        need_aws_credentials: true,
        need_docker_access: false,
    };
    let expected = r#"execconfig exec image ubuntu cmd "\tcat %s > \"%s\"\n" args [val<foo=2c26b46b 3B>, out[0]] resources {mem:1.0KiB cpu:1 disk:0B}"#;
    assert_eq!(config.to_string(), expected);
}
