#!/usr/bin/env bash
#
# Serves the readers attached to this machine.
#
#   run.sh [CONFIG]
#
# CONFIG is xuekad.toml in the project's root unless named; a relative name counts
# from there. That one file is made from xuekad.example.toml at the first time,
# with the socket where `xueka` looks for it and the registry in a folder of the
# user's own. The folders of another file are for its author to make.

set -euo pipefail
cd "$(dirname "$0")/.."

# The text that a setting has in the configuration; $2 when it has none.
setting() {
	local text
	text=$(sed -n "s/^[[:blank:]]*$1[[:blank:]]*=[[:blank:]]*[\"']\([^\"']*\)[\"'].*/\1/p" "$config" | head -n 1)
	printf '%s\n' "${text:-$2}"
}

make_configuration() {
	local sockets=/run/xueka data=/var/lib/xueka
	if [[ $(id -u) -ne 0 ]]; then
		# Without a session there is no folder for sockets; a folder in /tmp
		# would not do, for anyone could have made it before.
		sockets=${XDG_RUNTIME_DIR:-$HOME/.local/share}/xueka
		data=${XDG_DATA_HOME:-$HOME/.local/share}/xueka
	fi
	sed -e "s|^socket = .*|socket = \"$sockets/xuekad.sock\"|" \
		-e "s|^path = .*|path = \"$data/registry.db\"|" \
		xuekad.example.toml >xuekad.toml
	echo 'Made xuekad.toml from xuekad.example.toml; it is yours to change.'
}

scripts/install-packages.sh build runtime

config=${1:-xuekad.toml}
[[ $config != xuekad.toml || -e $config ]] || make_configuration
if [[ ! -r $config || -d $config ]]; then
	echo "run: the configuration $config is not there or cannot be read; copy xuekad.example.toml" >&2
	exit 1
fi
socket=$(setting socket /run/xueka/xuekad.sock)
if [[ $config -ef xuekad.toml ]]; then
	# The folder for sockets is empty after each start of the machine.
	mkdir -p "$(dirname "$socket")" "$(dirname "$(setting path /var/lib/xueka/registry.db)")"
fi

cargo build --locked --release --package xueka-daemon --package xueka-cli
target/release/xuekad --check-config --config "$config"
cat <<TEXT

The daemon serves, configured by $config, until Ctrl-C. In another terminal, in
this folder:

  export XUEKA_SERVER=$(printf %q "unix:$socket")
  target/release/xueka readers
  target/release/xueka read --wait 30s

TEXT
exec target/release/xuekad --config "$config"
