#!/usr/bin/env bash
#
# Everything that is checked without running the program. Stops at the first
# check that fails.

set -euo pipefail
cd "$(dirname "$0")/.."

step() {
	printf '\n== %s\n' "$*"
}

scripts/install-packages.sh build check
if [[ ! -x node_modules/.bin/buf ]]; then
	step 'Tools from npm'
	# The one tool is pinned in package.json; a lock file would also ask for the
	# builds for other systems, which not every mirror has.
	npm install --no-package-lock --no-audit --no-fund
fi

step 'Formatting'
cargo fmt --all --check
cargo fmt --manifest-path fuzz/Cargo.toml --check

step 'Protocol'
node_modules/.bin/buf lint
node_modules/.bin/buf format --diff --exit-code

step 'Scripts'
shellcheck scripts/*.sh bench/*.sh .ci/run

step 'Notes on readers and cards'
scripts/check-notes.sh

step 'Licences of what is linked in'
node scripts/check-licences.mjs

step 'Lints'
cargo clippy --locked --workspace --all-targets -- -D warnings

step 'Fuzz targets'
# Only compiled: with a library named, libFuzzer itself is not built for it.
CUSTOM_LIBFUZZER_PATH=/nowhere/libnothing.a \
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir target -- -D warnings

step 'Generated code'
cargo test --locked --quiet --package xueka-api --test generated

step 'Documents'
RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --quiet

step 'All checks passed'
