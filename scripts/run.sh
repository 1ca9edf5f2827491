#!/usr/bin/env bash
#
# Serves the readers attached to this machine.
#
#   run.sh [CONFIG]
#
# CONFIG is xuekad.toml in this folder unless named. That one is made from
# xuekad.example.toml at the first time, with the socket where `xueka` looks for
# it and the registry in a folder of the user's own.

set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh build runtime

if [[ $(id -u) -eq 0 ]]; then
	sockets=/run/xueka
	data=/var/lib/xueka
else
	# Without a session there is no folder for sockets; a folder in /tmp would
	# not do, for anyone could have made it before.
	sockets=${XDG_RUNTIME_DIR:-$HOME/.local/share}/xueka
	data=${XDG_DATA_HOME:-$HOME/.local/share}/xueka
fi

config=${1:-xuekad.toml}
if [[ $config = xuekad.toml ]]; then
	# The folder for sockets is empty after each start of the machine.
	mkdir -p "$sockets" "$data"
	if [[ ! -e $config ]]; then
		sed -e "s|^socket = .*|socket = \"$sockets/xuekad.sock\"|" \
			-e "s|^path = .*|path = \"$data/registry.db\"|" \
			xuekad.example.toml >"$config"
		echo "Made $config from xuekad.example.toml; it is yours to change."
	fi
fi

cargo build --locked --release --package xueka-daemon --package xueka-cli
socket=$(sed -n 's/^socket *= *"\(.*\)".*/\1/p' "$config")
cat <<TEXT

The daemon serves, configured by $config, until Ctrl-C. In another terminal:

  export XUEKA_SERVER=unix:${socket:-/run/xueka/xuekad.sock}
  target/release/xueka readers
  target/release/xueka read --wait 30s

TEXT
exec target/release/xuekad --config "$config"
