#!/usr/bin/env bash
#
# Serves the readers attached to this machine.
#
#   run.sh [CONFIG]
#
# Without CONFIG the configuration is your own xuekad.toml, which is made from
# xuekad.example.toml at the first time: as root /etc/xueka/xuekad.toml, else
# ~/.config/xueka/xuekad.toml with socket and register in your own folders.

set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install-packages.sh build runtime

config=${1-}
if [[ -z $config ]]; then
	if [[ $(id -u) -eq 0 ]]; then
		config=/etc/xueka/xuekad.toml
		sockets=/run/xueka
		data=/var/lib/xueka
	else
		config=${XDG_CONFIG_HOME:-$HOME/.config}/xueka/xuekad.toml
		sockets=${XDG_RUNTIME_DIR:-$HOME/.cache}/xueka
		data=${XDG_DATA_HOME:-$HOME/.local/share}/xueka
	fi
	mkdir -p "${config%/*}" "$sockets" "$data"
	if [[ ! -e $config ]]; then
		sed -e "s|^socket = .*|socket = \"$sockets/xuekad.sock\"|" \
			-e "s|^path = .*|path = \"$data/registry.db\"|" \
			xuekad.example.toml >"$config"
		echo "made $config"
	fi
fi

cargo build --locked --release --package xueka-daemon --package xueka-cli
socket=$(sed -n 's/^socket *= *"\(.*\)".*/\1/p' "$config")
cat <<TEXT

The daemon runs with $config until Ctrl-C. In another terminal:

  export XUEKA_SERVER=unix:$socket
  target/release/xueka readers
  target/release/xueka read --wait 30s

TEXT
exec target/release/xuekad --config "$config"
