#!/usr/bin/env bash
# Runs every check and test of reflow, and installs by itself what they need.
#
# Usage: ./test.sh [FILTER...]
#   FILTER  run only the tests whose names contain one of these, and nothing else
#
# Works on a fresh Debian machine that has the Rust toolchain. As root it installs the missing ones of the
# packages below and starts a Docker engine if none answers; that engine is stopped again in the end.
# Otherwise, what cannot be had is said, and the tests that need it are left out.
#
# REFLOW_TEST_ROUNDS=N  rounds of each fault of tests/faults (default: a few; 25 take about half an hour)
# REFLOW_BLESS=1        rewrite the expectations of golden cases to what comes out
set -euo pipefail
cd "$(dirname "$0")"

packages=(
  gcc libc6-dev                                # the bundled database and the linker
  libfaketime e2fsprogs                        # clocks that jump, small disks
  docker.io iptables busybox-static            # the docker executor and its images
  bowtie2 bowtie2-examples samtools bcftools   # examples/variants
)

step() { printf '\n==> %s\n' "$*" >&2; }

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    case $package in
      gcc) ! command -v cc >/dev/null || continue ;;
      docker.io) ! command -v dockerd >/dev/null || continue ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || echo "$package"
  done
}

install_packages() {
  local missing policy=/usr/sbin/policy-rc.d own_policy=
  command -v apt-get >/dev/null || { echo "no apt-get here: the packages are taken as installed" >&2; return; }
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ]; then
      echo "these packages are missing, and only root can install them: ${missing[*]}" >&2
      return
    fi
    step "installing ${missing[*]}"
    apt-get -o DPkg::Lock::Timeout=300 update -qq
    # Packages must not start services: the Docker engine is started below and stopped in the end.
    if [ ! -e "$policy" ]; then
      printf '#!/bin/sh\nexit 101\n' >"$policy"
      chmod +x "$policy"
      own_policy=1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
      install -y -qq --no-install-recommends "${missing[@]}" </dev/null >/dev/null
    [ -z "$own_policy" ] || rm -f "$policy"
  fi
  # The reads lie where slim systems leave documentation out.
  [ "$(id -u)" != 0 ] || tests/fixtures/examples/install-tools.sh
}

engine_started=
start_engine() {
  if command -v docker >/dev/null && docker version >/dev/null 2>&1; then return; fi
  [ "$(id -u)" = 0 ] || return 0
  step "starting a Docker engine"
  tests/fixtures/images/start_engine.sh
  engine_started=1
}

# Stops the engine that was started here, and waits until it and its helper are gone.
stop_engine() {
  [ -n "$engine_started" ] || return 0
  local pid
  pid=$(cat /var/run/docker.pid 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 300); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
}
trap stop_engine EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

run_tests() {   # run_tests [FILTER...]
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --no-fail-fast "$@"
    return
  fi
  # One total in the end, as there are many test programs.
  local log status=0
  log=$(mktemp)
  if [ $# -gt 1 ]; then echo "without cargo-nextest only one filter works; the first is taken" >&2; fi
  cargo test --no-fail-fast --lib --bins --tests "${1:-}" 2>&1 | tee "$log" || status=$?
  awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
       END { printf "test result: %s. %d passed; %d failed; %d ignored in all\n",
                    failed ? "FAILED" : "ok", passed, failed, ignored }' "$log"
  rm -f "$log"
  return "$status"
}

install_packages
start_engine
if command -v docker >/dev/null && docker version >/dev/null 2>&1; then
  # With an engine at hand, a test that cannot use it has found something.
  export REFLOW_TEST_DOCKER=${REFLOW_TEST_DOCKER:-required}
  step "making images"
  tests/fixtures/images/make_images.sh
  examples/variants/build-image.sh
fi

if [ $# -eq 0 ]; then
  step "formatting"
  cargo fmt --check
  step "lints"
  cargo clippy --all-targets -- -D warnings
  step "tests in documentation"
  cargo test -q --doc
fi
step "tests"
run_tests "$@"
