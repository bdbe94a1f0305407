//! Global flags that stand for keys of the configuration (CLI spec §2).

use clap::Args;

macro_rules! overrides {
    ($($field:ident $name:literal $help:literal)*) => {
        /// Flags that override keys of the configuration: each takes what stands behind the key in the file.
        #[derive(Args, Clone, Debug, Default)]
        pub(crate) struct Overrides {
            $(#[arg(long = $name, value_name = "string", default_value = "", help = $help)]
            $field: String,)*
        }

        impl Overrides {
            /// The keys that were given, with their values.
            pub(crate) fn given(&self) -> Vec<(&'static str, &str)> {
                let all = [$(($name, self.$field.as_str()),)*];
                all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
            }
        }
    };
}

overrides! {
    assoc "assoc" "the table of cached results: file, or dynamodbassoc,table=TABLE"
    awscreds "awscreds" "credentials for the cloud"
    awstool "awstool" "the image with the tool that copies from the cloud"
    bootstrap "bootstrap" "the program that workers start with"
    cache "cache" "use of cached results: off, read, write or readwrite"
    cluster "cluster" "where commands run: localcluster, or ec2cluster"
    docker "docker" "whether commands may use more memory than they ask for: docker,memlimit=soft or hard"
    labels "labels" "labels of runs: kv,labels=NAME=VALUE;NAME=VALUE"
    logger "logger" "accepted, without effect: -log says what is logged"
    metrics "metrics" "metrics: nopmetrics or prometrics"
    predictor "predictor" "how memory is predicted: predictorconfig"
    reflow "reflow" "accepted, without effect: the version is the program's own"
    reflowlet "reflowlet" "settings of workers: reflowletconfig,NAME=VALUE"
    repository "repository" "where objects are kept: file, noprepo, or s3,bucket=BUCKET"
    runid "runid" "ids of runs: runid"
    session "session" "access to the cloud: awssession or ec2metadata"
    sshkey "sshkey" "the public key of the user: key,key=TEXT"
    taskdb "taskdb" "the history of runs: file, noptaskdb, or dynamodbtask,table=TABLE,bucket=BUCKET"
    tls "tls" "the certificate and its key: tls,file=PATH"
    tracer "tracer" "a timeline beside the log of each run: noptracer (none) or localtracer"
    user "user" "who runs reflow: user,user=NAME"
}
