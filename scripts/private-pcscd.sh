#!/usr/bin/env bash
#
# A pcscd of its own, with virtual readers, beside whatever the machine runs.
#
#   private-pcscd.sh start DIR N   starts it with N virtual readers (0 to 16;
#                                  rounded up to an even number, because one
#                                  vpcd driver always has two slots)
#   private-pcscd.sh kill DIR      kills it as a crash would (SIGKILL)
#   private-pcscd.sh restart DIR   starts it again: same place, same ports
#   private-pcscd.sh stop DIR      stops it in order and removes DIR
#
# DIR must not exist or be empty. `start` and `restart` return once pcscd
# answers. DIR then holds:
#
#   env      variables for the shell: PCSCLITE_CSOCK_NAME, which every PC/SC
#            client obeys, and XUEKA_VPCD, the addresses at which virtual cards
#            connect, separated by commas, one a reader
#   readers  the names of the readers, one a line, in the order of XUEKA_VPCD
#   pid      the process id of pcscd; absent while it does not run
#   log      what pcscd said
#
# pcscd lives as long as the process that called `start`, or the one whose id
# stands in XUEKA_OWNER: when that ends, by whatever cause, a keeper process
# stops pcscd and removes DIR. The keeper is also pcscd's parent and reaps it at
# once, because a dead pcscd that is not reaped makes its successor leave with
# "Another pcscd seems to be running".
#
# Nothing of the machine's own pcscd is touched. pcscd has its socket folder
# compiled in, so this one runs in a mount namespace in which that folder is one
# of ours; not root, a user namespace around it gives the right to do so. Its
# drivers for USB readers are hidden there as well, or it would take attached
# readers away from the machine's pcscd.
#
# vpcd listens on all addresses and no option changes that, so while this runs
# the ports in XUEKA_VPCD are open to the network. They accept virtual cards for
# virtual readers and nothing else.
#
# Exit codes: 0 good; 1 it did not work; 2 wrong usage; 3 a private pcscd cannot
# be had on this machine. Other than 0, one line on standard error says why.

set -uo pipefail

# pcscd is in a folder that only root has on the search path.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

readonly SLOTS_PER_DRIVER=2
readonly MOST_READERS=16 # pcscd drops what comes after.
readonly ANSWER_SECONDS=20
# Below the ports that the kernel hands out by itself.
readonly FIRST_PORT=10000 LAST_PORT=30000

fail() {
	local code=$1
	shift
	printf 'private-pcscd: %s\n' "$*" >&2
	exit "$code"
}

usage() {
	fail 2 "usage: ${0##*/} start DIR N (0 to 16) | kill DIR | restart DIR | stop DIR"
}

# --- What this machine has ---------------------------------------------------

# The value that pcscd was built with for an option such as `ipcdir`.
built_with() {
	pcscd --version 2>/dev/null | sed -n "s/.*[ ]$1=\([^ ]*\).*/\1/p"
}

vpcd_driver() {
	local folder file
	folder=$(built_with usbdropdir)
	for file in "${folder:-/usr/lib/pcsc/drivers}"/serial/libifdvpcd.so \
		/usr/lib*/pcsc/drivers/serial/libifdvpcd.so \
		/usr/local/lib/pcsc/drivers/serial/libifdvpcd.so; do
		[[ -r $file ]] && printf '%s\n' "$file" && return
	done
	return 1
}

# Prints the options with which `unshare` gives a mount namespace of our own.
namespace_options() {
	local options
	for options in -m -Urm; do
		# shellcheck disable=SC2016 # The inner shell expands it.
		unshare "$options" sh -c 'mount --bind "$1" "$1"' sh "$1" 2>/dev/null &&
			printf '%s\n' "$options" && return
	done
	return 1
}

# --- The keeper --------------------------------------------------------------
#
# It takes orders from the pipe `control`, one a line, and answers each on the
# pipe `reply` with an exit code and a text.

answer() {
	printf '%s\n' "$*" >&4
}

port_is_taken() {
	local hex
	printf -v hex '%04X' "$1"
	grep -qsE "^ *[0-9]+: [0-9A-F]+:$hex " /proc/net/tcp /proc/net/tcp6
}

# Chooses ports for all readers, in `ports`. Somebody may take one before vpcd
# does; `pcscd_answers` notices.
choose_ports() {
	local n_ports=$1 base port tries
	for ((tries = 0; tries < 100; tries++)); do
		base=$((FIRST_PORT + (RANDOM * 32768 + RANDOM) % (LAST_PORT - FIRST_PORT - n_ports)))
		ports=()
		for ((port = base; port < base + n_ports; port++)); do
			port_is_taken "$port" && continue 2
			ports+=("$port")
		done
		return 0
	done
	return 1
}

# Writes one reader.conf entry for each pair of ports. Each entry names its own
# copy of the driver: entries that share a file share its state too, and answer
# with each other's cards.
write_configuration() {
	local driver=$1 index first name
	rm -rf conf lib
	mkdir conf lib
	: >readers
	for ((index = 0; index < ${#ports[@]} / SLOTS_PER_DRIVER; index++)); do
		first=${ports[index * SLOTS_PER_DRIVER]}
		name="Virtual Reader $((index + 1))"
		cp -L "$driver" "lib/libifdvpcd$index.so" || return 1
		{
			printf 'FRIENDLYNAME "%s"\n' "$name"
			printf 'DEVICENAME /dev/null:%d\n' "$first"
			printf 'LIBPATH %s/lib/libifdvpcd%d.so\n' "$PWD" "$index"
			printf 'CHANNELID %d\n' "$first"
		} >"conf/reader$index"
		# pcscd adds the number of the reader, which is 00 as each name is
		# its own, and the number of the slot.
		printf '%s 00 00\n%s 00 01\n' "$name" "$name" >>readers
	done
	{
		printf "PCSCLITE_CSOCK_NAME='%s/run/pcscd.comm'\n" "$PWD"
		printf 'XUEKA_VPCD=%s\n' "$(IFS=, && echo "${ports[*]/#/127.0.0.1:}")"
		echo 'export PCSCLITE_CSOCK_NAME XUEKA_VPCD'
	} >./env
}

pcscd_runs() {
	[[ -n $pcscd ]] && kill -0 "$pcscd" 2>/dev/null
}

# Succeeds when pcscd listens on its own socket and on each of our ports: what
# the kernel says of the sockets that this very process holds.
pcscd_answers() {
	local sockets n_unix n_tcp
	sockets=$(find "/proc/$pcscd/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null |
		tr -dc '0-9\n')
	n_unix=$(awk 'NR == FNR { held[$1] = 1; next } $4 == "00010000" && $7 in held { n++ } END { print n + 0 }' \
		<(printf '%s\n' "$sockets") "/proc/$pcscd/net/unix" 2>/dev/null)
	n_tcp=$(awk 'NR == FNR { held[$1] = 1; next } $4 == "0A" && $10 in held { n++ } END { print n + 0 }' \
		<(printf '%s\n' "$sockets") "/proc/$pcscd/net/tcp" 2>/dev/null)
	[[ $n_unix -ge 1 && $n_tcp -eq ${#ports[@]} ]]
}

# Runs inside the namespace and becomes pcscd.
# shellcheck disable=SC2016 # The inner shell expands it.
readonly BECOME_PCSCD='
	socket_folder=$1 drivers=$2 dir=$3
	if [ ! -d "$socket_folder" ]; then
		# Nobody may create it on the machine: a folder of ours stands in
		# for the one above it.
		mount --bind "$dir/above" "$(dirname "$socket_folder")" || exit
	fi
	mount --bind "$dir/run" "$socket_folder" || exit
	[ ! -d "$drivers" ] || mount --bind "$dir/none" "$drivers" || exit
	exec setpriv --pdeathsig KILL pcscd --foreground --error --config "$dir/conf"
'

# Starts pcscd in the place that is prepared; `reason` says why it failed.
start_pcscd() {
	rm -f run/pcscd.comm run/pcscd.pid pid
	unshare "$namespace" sh -c "$BECOME_PCSCD" sh "$socket_folder" "$drivers" "$PWD" \
		</dev/null 3<&- 4>&- &
	pcscd=$!
	local deadline=$((SECONDS + ANSWER_SECONDS / 2))
	until pcscd_answers; do
		if ! pcscd_runs; then
			reason="pcscd ended at once: $(tail -n 1 log)"
			return 1
		fi
		if ((SECONDS >= deadline)); then
			stop_pcscd KILL
			reason="pcscd does not listen on all of ${ports[*]}: $(tail -n 1 log)"
			return 1
		fi
		sleep 0.01
	done
	printf '%d\n' "$pcscd" >pid.new && mv pid.new pid
}

# Ends pcscd with a signal and returns when it is reaped.
stop_pcscd() {
	local signal=$1 deadline=$((SECONDS + 5))
	if pcscd_runs; then
		kill -"$signal" "$pcscd"
		while pcscd_runs; do
			((SECONDS < deadline)) || kill -KILL "$pcscd"
			sleep 0.01
		done
	fi
	wait "$pcscd" 2>/dev/null
	pcscd=
	rm -f pid
}

keep() {
	local dir=$1 owner=$2 n_readers=$3 driver=$4
	namespace=$5 socket_folder=$(built_with ipcdir) drivers=$(built_with usbdropdir)
	socket_folder=${socket_folder:-/run/pcscd} drivers=${drivers:-/usr/lib/pcsc/drivers}
	pcscd='' reason='' ports=()
	cd "$dir" || exit 1
	exec 3<>control 4<>reply
	mkdir -p run none "above/$(basename "$socket_folder")"
	echo $$ >keeper

	local tries started=no
	for ((tries = 0; tries < 3; tries++)); do
		choose_ports "$n_readers" && write_configuration "$driver" && start_pcscd &&
			started=yes && break
	done
	if [[ $started = no ]]; then
		cd / && rm -rf "$dir"
		answer 1 "${reason:-no free ports}"
		exit 1
	fi
	answer 0 started

	# When the owner is gone nobody else gives the order to stop.
	{ tail --pid="$owner" -f /dev/null && echo stop >&3; } 4>&- &

	local order
	while read -r order <&3; do
		case $order in
		kill)
			stop_pcscd KILL
			answer 0 killed
			;;
		restart)
			stop_pcscd TERM
			if start_pcscd; then answer 0 started; else answer 1 "$reason"; fi
			;;
		stop) break ;;
		esac
	done
	stop_pcscd TERM
	# The rest of this process group waits for the owner.
	trap '' TERM
	kill -TERM 0
	wait
	cd / && rm -rf "$dir"
	answer 0 stopped
}

# --- The commands ------------------------------------------------------------

start() {
	local dir=$1 n_readers=$2 driver namespace
	[[ $n_readers =~ ^[0-9]{1,2}$ ]] || usage
	n_readers=$(((10#$n_readers + 1) / SLOTS_PER_DRIVER * SLOTS_PER_DRIVER))
	((n_readers <= MOST_READERS)) || usage

	local program
	for program in pcscd unshare setpriv setsid mount; do
		command -v "$program" >/dev/null ||
			fail 3 "there is no $program here; scripts/install-packages.sh demo"
	done
	driver=$(vpcd_driver) ||
		fail 3 "there is no vpcd driver here; scripts/install-packages.sh demo"

	mkdir -p "$dir" || fail 1 "cannot create $dir"
	dir=$(cd "$dir" && pwd -P) || fail 1 "cannot enter $dir"
	[[ -z $(ls -A "$dir") ]] || fail 1 "$dir is not empty"
	# Longer ones do not fit into a socket's address.
	((${#dir} < 90)) || fail 1 "the path $dir is too long for a socket"
	[[ $dir != *[\'\"\ ]* ]] || fail 1 "the path $dir has a space or a quote, which pcscd's configuration cannot hold"
	if ! namespace=$(namespace_options "$dir"); then
		rmdir "$dir"
		fail 3 "this machine allows no mount namespace, neither as root nor by a user namespace"
	fi

	mkfifo "$dir/control" "$dir/reply"
	exec 4<>"$dir/reply"
	setsid "$BASH" "$0" keep "$dir" "${XUEKA_OWNER:-$PPID}" "$n_readers" "$driver" "$namespace" \
		</dev/null >>"$dir/log" 2>&1 4>&- &
	await_answer
}

# Reads the keeper's answer from the pipe and fails as it says.
await_answer() {
	local code text
	read -r -t $ANSWER_SECONDS -u 4 code text || fail 1 "the keeper does not answer"
	((code == 0)) || fail "$code" "$text"
}

order() {
	local order=$1 dir=$2 keeper
	if ! keeper=$(cat "$dir/keeper" 2>/dev/null) || ! kill -0 "$keeper" 2>/dev/null; then
		fail 1 "no private pcscd is kept in $dir"
	fi
	exec 4<"$dir/reply"
	echo "$order" >"$dir/control"
	await_answer
	# The pipe ends when the keeper does.
	[[ $order != stop ]] || cat <&4
}

case ${1-}:$# in
start:3) start "$2" "$3" ;;
kill:2 | restart:2 | stop:2) order "$1" "$2" ;;
keep:6) keep "${@:2}" ;;
*) usage ;;
esac
