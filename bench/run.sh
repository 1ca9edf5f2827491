#!/usr/bin/env bash
#
# Measures what this project adds to the least that a reading of a card can cost,
# prints the figures with their goals, and writes them to target/bench.json.
#
# Everything runs on one core: on several, where the scheduler puts pcscd, card
# and reader makes more difference than what is measured. XUEKA_BENCH_CORE names
# the core; without it the last one is taken. A pcscd of its own serves the
# virtual cards; the machine's is not touched.
#
# Exit codes: 0 every goal was reached; 1 one was missed, or something failed.

set -euo pipefail

cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

cargo build --locked --release --package xueka-bench --package xueka-daemon --package xueka-cli
# shellcheck disable=SC2046 # The flags are separate words.
cc -O2 -Wall -Wextra -o "$target/bench-raw" bench/raw.c $(pkg-config --cflags --libs libpcsclite)

scratch=$(mktemp -d)
stop() {
	scripts/private-pcscd.sh stop "$scratch/pcscd" 2>/dev/null || true
	rm -rf "$scratch"
}
trap stop EXIT

# The processes started from here on inherit the core.
core=${XUEKA_BENCH_CORE:-$(($(nproc --all) - 1))}
taskset --pid --cpu-list "$core" $$ >/dev/null

scripts/private-pcscd.sh start "$scratch/pcscd" 2 vpcd
# shellcheck disable=SC1091 # Written by the line before.
source "$scratch/pcscd/env"

"$target/release/xueka-bench" run \
	"$target/bench-raw" "$scratch/pcscd/readers" "$target/bench.json"
