//! `reflow pred`

use std::collections::BTreeSet;
use std::fmt::Write;

use base::profile::{DISK, MEM, READ, Samples, TMP, WRITE};
use base::{Digest, Profile, table, units};
use jiff::Timestamp;
use store::{LocalStore, TaskQuery, TaskRecord};

use super::answer;
use crate::arguments::PredFlags;
use crate::configuration;
use crate::exit::Exit;

/// Records of the history that are looked at for one name.
const HISTORY: usize = 1000;
/// The statistic that is no gauge: how long the execs were sampled.
const DURATION: &str = "duration";

pub(super) fn run(flags: &PredFlags) -> Result<(), Exit> {
    if !["", MEM, DURATION].contains(&flags.name.as_str()) {
        return Err(Exit::failed(format!("{:?} cannot be predicted: {MEM} and {DURATION} can", flags.name)));
    }
    configuration::current().usable("taskdb")?;
    configuration::current().usable("predictor")?;
    let store = crate::home::open(&flags.place.existing()?)?;
    let mut text = String::new();
    for name in &flags.names {
        describe(&store, flags, name, &mut text)?;
    }
    answer(text)
}

fn describe(store: &LocalStore, flags: &PredFlags, name: &str, text: &mut String) -> Result<(), Exit> {
    let mut predictor = configuration::current().predictor().map_err(Exit::failed)?;
    if flags.maxinspect > 0 {
        predictor.most = flags.maxinspect as usize;
    }
    // The latest first, as predictions take them.
    let mut profiles: Vec<Profile> = records(store, name)?.into_iter().map(|task| task.profile).collect();
    let execs = profiles.len();
    profiles.retain(|profile| !profile.is_empty());
    profiles.truncate(predictor.most);
    if profiles.is_empty() {
        let _ = match execs {
            0 => writeln!(text, "no profiles of {name}: no exec of that name has succeeded"),
            _ => writeln!(text, "no profiles of {name}: its execs, {execs}, were over before they could be sampled"),
        };
        return Ok(());
    }
    let _ = writeln!(text, "profiles of {name}");
    let gauges: BTreeSet<&str> = profiles.iter().flat_map(Profile::iter).map(|(gauge, _)| gauge).collect();
    for gauge in gauges.into_iter().filter(|gauge| flags.name.is_empty() || flags.name == *gauge) {
        let samples: Vec<&Samples> = profiles.iter().rev().filter_map(|profile| profile.get(gauge)).collect();
        text.push_str(&rows(gauge, &samples));
    }
    let predicted = match flags.name.as_str() {
        MEM => {
            let peaks: Vec<u64> = profiles
                .iter()
                .filter_map(|profile| profile.get(MEM))
                .map(|samples| samples.max.max(0.0) as u64)
                .collect();
            predictor.memory(&peaks).map(units::data_size)
        }
        DURATION if profiles.len() >= predictor.least => {
            let spans = profiles.iter().map(|profile| profile.iter().map(|(_, samples)| samples.span()).max());
            spans.flatten().max().map(units::duration)
        }
        "" => return Ok(()),
        _ => None,
    };
    let (stat, count) = (&flags.name, profiles.len());
    let _ = match predicted {
        Some(predicted) => writeln!(text, "predicted {stat} of {name}: {predicted} ({count} samples)"),
        None => writeln!(text, "no prediction of {stat} of {name}: {count} samples are fewer than {}", predictor.least),
    };
    Ok(())
}

/// The successful execs of an ident, or of an image with a command, the latest first.
fn records(store: &LocalStore, name: &str) -> Result<Vec<TaskRecord>, Exit> {
    let both = Digest::parse(name).ok();
    let ident = both.is_none().then(|| name.to_owned());
    let tasks = store.tasks().list(&TaskQuery { ident, limit: Some(HISTORY), ..TaskQuery::default() })?;
    let is_meant = |task: &TaskRecord| {
        both.is_none_or(|both| Digest::of(format!("{}{}", task.image, task.command)) == both)
            && task.end.is_some()
            && task.error.is_none()
    };
    Ok(tasks.into_iter().filter(is_meant).collect())
}

/// A table of the samples of one gauge; nothing, if each was sampled once at most.
fn rows(gauge: &str, samples: &[&Samples]) -> String {
    if samples.iter().all(|samples| samples.count < 2) {
        return String::new();
    }
    let amount = |value: f64| match gauge {
        MEM | DISK | TMP | READ | WRITE => units::data_amount(value),
        _ => format!("{value:.1}"),
    };
    let time = |time| Timestamp::try_from(time).map(|time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    let mut lines = format!("{gauge}:\ti\tN\tmax\tmean\tvar\tfirst\tlast\t\n");
    for (number, sample) in samples.iter().enumerate().filter(|(_, samples)| samples.count > 1) {
        let (first, last) = (time(sample.first()).unwrap_or_default(), time(sample.last()).unwrap_or_default());
        let (max, mean) = (amount(sample.max), amount(sample.mean));
        let _ =
            writeln!(lines, "\t{number}\t{}\t{max}\t{mean}\t{:.6}\t{first}\t{last}\t", sample.count, sample.variance);
    }
    table::lay_out(&lines) + "\n"
}
