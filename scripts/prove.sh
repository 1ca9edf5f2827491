#!/usr/bin/env bash
#
# Proves by doing it very often, on a pcscd of its own, what a few attempts
# would not show (tests/tests/prove). Prints figures with their goals; takes
# about five minutes once it is built.
#
# Exit codes: 0 every goal was reached; 1 one was missed, or something failed.

set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh build demo

# As it will be used: the driver that pcscd loads, and the programs.
cargo build --locked --release --package xueka-daemon --package xueka-cli --bins
cargo build --locked --release --package xueka-ifd
XUEKA_BIN_DIR=$(cargo metadata --locked --format-version 1 --no-deps |
	sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release
export XUEKA_BIN_DIR

# One after the other: they measure time.
cargo test --locked --release --quiet --package xueka-tests --test prove -- \
	--ignored --nocapture --test-threads 1 || exit 1
