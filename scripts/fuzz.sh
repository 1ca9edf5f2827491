#!/usr/bin/env bash
#
# Fuzzes everything that reads bytes from a card, a reader or a stranger.
#
#   fuzz.sh [RUNS] [TARGET…]
#
# Each target, all of them unless named, gets RUNS inputs (10 million unless
# named) on top of what earlier calls found worth keeping in fuzz/corpus. The
# last lines are a table. A target that fails leaves its input in
# fuzz/artifacts and ends the call with exit code 1.

set -euo pipefail
cd "$(dirname "$0")/.."

runs=${1:-10000000}
[[ $# -eq 0 ]] || shift
if [[ ! $runs =~ ^[0-9]+$ ]]; then
	echo "fuzz: RUNS is a number, not '$runs'" >&2
	exit 2
fi

scripts/install-packages.sh build fuzz
if ! cargo fuzz --version >/dev/null 2>&1; then
	cargo install cargo-fuzz --locked
fi

# Coverage is counted by the stable compiler's own means, which it calls
# unstable; without a sanitizer nothing else of a nightly one is needed.
export RUSTC_BOOTSTRAP=1
mapfile -t targets < <(if [[ $# -gt 0 ]]; then printf '%s\n' "$@"; else cargo fuzz list; fi)

cargo fuzz build --sanitizer none
log=$(mktemp)
trap 'rm -f "$log"' EXIT
table=()
for target in "${targets[@]}"; do
	echo "== $target"
	if ! cargo fuzz run --sanitizer none "$target" -- \
		-runs="$runs" -max_len=2048 -verbosity=0 -print_final_stats=1 >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		echo "fuzz: $target failed; its input lies in fuzz/artifacts/$target" >&2
		exit 1
	fi
	n_runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
	table+=("$(printf '%-19s %12s runs, %7s a second, no failure' "$target" "$n_runs" "$rate")")
done
printf '\n'
printf '%s\n' "${table[@]}"
