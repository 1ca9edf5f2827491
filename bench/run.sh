#!/usr/bin/env bash
#
# Measures what this project adds to the least that a reading of a card can cost,
# and prints the figures with their goals.
#
#   run.sh [vpcd|xueka|roll]
#
#   vpcd    what a neutral virtual reader serves for; figures as JSON go to
#           target/bench.json
#   xueka   what needs our own: every family, eight readers at once, how soon a
#           tap is told; target/bench-own-reader.json
#   roll    a roll taken in, beside the tools that load a file without a check;
#           target/bench-roll.json
#
# Without a word all of them, one after the other.
#
# Everything runs on one core: on several, where the scheduler puts pcscd, card
# and reader makes more difference than what is measured. XUEKA_BENCH_CORE names
# the core; without it the last one is taken. A pcscd of its own serves the
# virtual cards; the machine's is not touched.
#
# Exit codes: 0 every goal was reached; 1 one was missed, or something failed;
# 2 wrong usage.

set -euo pipefail

cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}

case $# in
0) drivers=(vpcd xueka roll) ;;
1) drivers=("$1") ;;
*) drivers=('') ;;
esac
if [[ ! ${drivers[0]} =~ ^(vpcd|xueka|roll)$ ]]; then
	echo "usage: ${0##*/} [vpcd|xueka|roll]" >&2
	exit 2
fi

cargo build --locked --release --package xueka-bench --package xueka-daemon --package xueka-cli \
	--package xueka-ifd
# shellcheck disable=SC2046 # The flags are separate words.
cc -O2 -Wall -Wextra -o "$target/bench-raw" bench/raw.c $(pkg-config --cflags --libs libpcsclite)

scratch=$(mktemp -d)
# shellcheck disable=SC2317 # The trap calls it.
stop() {
	scripts/private-pcscd.sh stop "$scratch/pcscd" 2>/dev/null || true
	rm -rf "$scratch"
}
trap stop EXIT

# The processes started from here on inherit the core.
core=${XUEKA_BENCH_CORE:-$(($(nproc --all) - 1))}
taskset --pid --cpu-list "$core" $$ >/dev/null

# measure DRIVER READERS JSON measures on a pcscd with that many readers.
measure() {
	local code=0
	XUEKA_IFD=$(realpath "$target/release/libifdxueka.so") XUEKA_OWNER=$$ \
		scripts/private-pcscd.sh start "$scratch/pcscd" "$2" "$1" || return 1
	(
		# shellcheck disable=SC1091 # Written by the line before.
		source "$scratch/pcscd/env"
		"$target/release/xueka-bench" "$1" "$target/bench-raw" "$scratch/pcscd/readers" "$3"
	) || code=1
	scripts/private-pcscd.sh stop "$scratch/pcscd"
	return $code
}

code=0
for driver in "${drivers[@]}"; do
	case $driver in
	vpcd) measure vpcd 2 "$target/bench.json" || code=1 ;;
	xueka) measure xueka 8 "$target/bench-own-reader.json" || code=1 ;;
	roll) "$target/release/xueka-bench" roll "$target/bench-roll.json" || code=1 ;;
	esac
done
exit $code
