//! What a command's end means (runtime spec §6.5).

use base::{Error, Kind};

use crate::executor::Collected;
use crate::logs::Clues;

/// How a command ended, as far as its executor knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Exit status, 128+n for signal n.
    pub(crate) status: i32,
    /// What shows that memory ran out, such as `docker`, in the words of the message; `None` without
    /// evidence. A status of 137 alone is none: anybody may have sent the signal.
    pub(crate) out_of_memory: Option<String>,
    /// The least memory that the machine had to give while the command ran, in bytes; `None` if nobody looked.
    pub(crate) least_available: Option<u64>,
}

/// A machine that had less than this to give may have made a command fail; what it has is rounded up to steps.
const SCARCE: u64 = 100 << 20;
const STEP: u64 = 50 << 20;

/// The status by which a command says that trying again may help (`EX_TEMPFAIL`).
const TEMPORARY: i32 = 75;

/// The command's failure, or nothing if it succeeded. `clues` are looked up only when they matter.
pub(crate) fn verdict(ending: &Ending, clues: impl FnOnce() -> Clues) -> Result<(), Error> {
    match ending.status {
        0 => return Ok(()),
        TEMPORARY => {
            return Err(Error::new(Kind::Temporary, "exec returned exit code 75 (considered temporary)"));
        }
        _ => {}
    }
    if let Some(evidence) = &ending.out_of_memory {
        return Err(Error::new(Kind::Oom, format!("killed by OOM killer ({evidence})")));
    }
    let clues = clues();
    if clues.go_out_of_memory {
        return Err(Error::new(Kind::Oom, "detected golang OOM error"));
    }
    if let Some(least) = ending.least_available.map(|least| least.div_ceil(STEP) * STEP)
        && least < SCARCE
    {
        let (status, least) = (ending.status, least >> 20);
        let message = format!(
            "possible OOM: exited with code {status} on a machine that had at most {least} MiB of memory left at \
             some time"
        );
        return Err(Error::new(Kind::Oom, message));
    }
    let mut message = format!("exited with code {}", ending.status);
    if !clues.hints.is_empty() {
        message.push_str(" (hints from exec logs):\n");
        message.push_str(&clues.hints.join("\n"));
    }
    Err(Error::new(Kind::DockerExec, message))
}

/// Says that a command's logs lack something, as on a full disk, which may be why it failed.
pub(crate) fn tell_log_failure(outcome: &mut Result<Collected, Error>, failure: Option<String>) {
    let Some(failure) = failure else { return };
    match outcome {
        Ok(collected) => collected.notes.push(format!("the logs are not complete: {failure}")),
        Err(error) => *error = error.clone().during(format!("the logs are not complete ({failure})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(status: i32, evidence: Option<&str>, clues: Clues) -> Option<(Kind, String)> {
        let ending = Ending { status, out_of_memory: evidence.map(str::to_owned), least_available: Some(1 << 30) };
        verdict(&ending, || clues).err().map(|error| (error.kind(), error.message().to_owned()))
    }

    #[test]
    fn a_machine_without_memory_is_a_reason() {
        for (status, least, kind) in [
            (1, 50 << 20, Kind::Oom),
            (137, 0, Kind::Oom),
            (1, (50 << 20) + 1, Kind::DockerExec),
            (75, 0, Kind::Temporary),
        ] {
            let ending = Ending { status, out_of_memory: None, least_available: Some(least) };
            let error = verdict(&ending, Clues::default).unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
        }
        let ending = Ending { status: 0, out_of_memory: None, least_available: Some(0) };
        assert!(verdict(&ending, Clues::default).is_ok());
    }

    #[test]
    fn rt_123_the_first_match_decides() {
        let plain = Clues::default;
        let go = || Clues { go_out_of_memory: true, hints: vec!["(stderr) line 1: Error".to_owned()] };
        let hinting = || Clues { go_out_of_memory: false, hints: vec!["(stderr) line 1: Error".to_owned(); 2] };
        let cases = [
            (0, None, plain(), None),
            (0, Some("docker"), plain(), None),
            (75, Some("docker"), go(), Some((Kind::Temporary, "exec returned exit code 75 (considered temporary)"))),
            (1, Some("docker"), plain(), Some((Kind::Oom, "killed by OOM killer (docker)"))),
            (2, None, go(), Some((Kind::Oom, "detected golang OOM error"))),
            (137, None, plain(), Some((Kind::DockerExec, "exited with code 137"))),
            (
                3,
                None,
                hinting(),
                Some((
                    Kind::DockerExec,
                    "exited with code 3 (hints from exec logs):\n(stderr) line 1: Error\n(stderr) line 1: Error",
                )),
            ),
        ];
        for (status, evidence, clues, expected) in cases {
            let expected = expected.map(|(kind, message)| (kind, message.to_owned()));
            assert_eq!(ended(status, evidence, clues), expected, "status {status}");
        }
    }
}
