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

step 'Protocol'
node_modules/.bin/buf lint
node_modules/.bin/buf format --diff --exit-code

step 'Scripts'
shellcheck scripts/*.sh bench/*.sh .ci/run

step 'Licences of what is linked in'
node scripts/check-licences.mjs

step 'Lints'
cargo clippy --locked --workspace --all-targets -- -D warnings

step 'Generated code'
cargo test --locked --quiet --package xueka-api --test generated

step 'Documents'
RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --quiet

step 'All checks passed'
