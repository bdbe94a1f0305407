#!/usr/bin/env bash
# What steps cost: a map over 1,000 trivial execs with the process executor, and runs that find everything
# in the cache.
#
# Usage: benches/execs.sh [STEPS [CACHED-STEPS]]      (default: 1000 10000)
#
# Builds the release program first. Prints a line for each measurement, with targets where there are any:
#   wall     seconds from start to end
#   cpu      milliseconds of processor time a step, commands and their sandboxes included
#   busy     the part of all processors' time that was used
#   memory   the largest resident size of reflow itself
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C

steps=${1:-1000}
cached_steps=${2:-10000}
cpu_target=15   # milliseconds a step
busy_target=80  # percent

cargo build --release --quiet
reflow=$PWD/target/release/reflow
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

program() {   # program STEPS
  cat <<END
func Echo(n int) = exec(image := "tools", mem := 1*MiB) (out file) {" echo {{n}} > {{out}} "}
val Main = [Echo(n) | n <- range(0, $1)]
END
}

# Runs a program and measures it. A bare shell's cost is measured the same way, for comparison.
measure() {   # measure TITLE STEPS CPU-TARGET BUSY-TARGET COMMAND...
  local title=$1 count=$2 cpu_limit=$3 busy_limit=$4 pid peak=0 now; shift 4
  local -x TIMEFORMAT='%R %U %S'
  {
    time {
      "$@" >"$work/stdout" 2>"$work/stderr" &
      pid=$!
      # The kernel keeps the peak; the last look before the end is what counts.
      while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" 2>/dev/null) && [ -n "$now" ]; do
        peak=$now
        read -rt 0.05 <> <(:) || true
      done
      echo "$peak" >"$work/peak"
      wait "$pid"
    }
  } 2>"$work/times" || { tail -n 5 "$work/stderr" >&2; return 1; }
  awk -v title="$title" -v count="$count" -v cores="$(nproc)" -v peak="$(cat "$work/peak")" \
      -v cpu_limit="$cpu_limit" -v busy_limit="$busy_limit" '
    function target(value, limit, ok) { return limit ? sprintf(" (target %s%s: %s)", value, limit, ok ? "met" : "MISSED") : "" }
    { cpu = ($2 + $3) * 1000 / count; busy = 100 * ($2 + $3) / ($1 * cores)
      printf "%-28s wall %6.2f s   cpu %6.2f ms a step%s   busy %3.0f %%%s   memory %.1f MiB\n",
        title, $1, cpu, target("<= ", cpu_limit, cpu <= cpu_limit),
        busy, target(">= ", busy_limit, busy >= busy_limit), peak / 1024 }' "$work/times"
}

counted() {   # counted EXECUTED: the last run executed so many
  grep -q "\"executed\":$1," "$work/stdout" || { echo "expected $1 executed: $(tail -n 1 "$work/stdout")" >&2; exit 1; }
}

run() { echo "$reflow" -log=error run -json -executor=process "-localdir=$work/$1" "$work/$2.rf"; }

bare() { for _ in $(seq "$steps"); do /bin/bash -e -l -o pipefail -c 'echo 1 >/dev/null'; done; }

program "$steps" >"$work/steps.rf"
program "$cached_steps" >"$work/many.rf"
echo "$(nproc) processors, $(uname -r), $(date -u +%F)"
measure "bare shells, one by one" "$steps" "" "" bare
# shellcheck disable=SC2046  # words without blanks
{
  measure "first run, $steps steps" "$steps" "$cpu_target" "$busy_target" $(run home steps)
  counted "$steps"
  measure "again, $steps steps" "$steps" "" "" $(run home steps)
  counted 0
  measure "first run, $cached_steps steps" "$cached_steps" "$cpu_target" "$busy_target" $(run large many)
  counted "$cached_steps"
  measure "again, $cached_steps steps" "$cached_steps" "" "" $(run large many)
  counted 0
}
