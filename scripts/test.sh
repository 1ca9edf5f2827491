#!/usr/bin/env bash
#
# Runs every test. The last lines are the runner's summary.

set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh build test

# The end-to-end tests run the programs themselves, and pcscd loads our driver.
cargo build --locked --package xueka-daemon --package xueka-cli --bins
cargo build --locked --package xueka-ifd
XUEKA_BIN_DIR=$(cargo metadata --locked --format-version 1 --no-deps |
	sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug
export XUEKA_BIN_DIR

cargo test --locked --workspace --doc --quiet

if cargo nextest --version >/dev/null 2>&1; then
	cargo nextest run --locked --workspace
	exit
fi

# cargo sums up each test program apart; the sum of all comes last.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
cargo test --locked --workspace --lib --bins --tests --no-fail-fast 2>&1 | tee "$log" || code=$?
awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
	END { printf "\nSummary: %d passed, %d failed, %d ignored\n", passed, failed, ignored }' "$log"
exit "$code"
