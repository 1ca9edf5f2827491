#!/usr/bin/env bash
#
# A pcscd of its own, with virtual readers, beside whatever the machine runs.
#
#   private-pcscd.sh start DIR N [DRIVER [READER...]]
#                                  starts it with N virtual readers (0 to 16)
#   private-pcscd.sh kill DIR      kills it as a crash would (SIGKILL)
#   private-pcscd.sh restart DIR   starts it again: same place, same addresses
#   private-pcscd.sh stop DIR      stops it in order and removes DIR
#
# DRIVER is `xueka`, our own (crates/ifd), unless it is `vpcd`, that of the
# vsmartcard project, whose readers come in pairs: an odd N is rounded up. Ours is
# the file that XUEKA_IFD names; else libifdxueka.so in the folder XUEKA_BIN_DIR,
# or what was last built in this project.
#
# READER, for our driver, is the name of a reader and the settings behind it, as
# docs/virtual-reader.md has them: "ACS ACR122U PICC Interface;serial=A1". Readers
# without one are called "Virtual Reader 1" and so on, with serial numbers XK0001
# and so on.
#
# XUEKA_PCSCD_OPTIONS, when `start` is called, holds further options for pcscd,
# separated by blanks.
#
# DIR must not exist or be empty. `start` and `restart` return once pcscd
# answers. DIR then holds:
#
#   env      variables for the shell: PCSCLITE_CSOCK_NAME, which every PC/SC
#            client obeys, and the addresses at which virtual cards connect,
#            separated by commas, one a reader: XUEKA_VIRTUAL_READERS of our
#            driver, XUEKA_VPCD of vpcd
#   readers  the names of the readers, one a line, in the order of the addresses
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
# Our driver listens on Unix sockets in DIR. vpcd listens on all addresses and no
# option changes that, so while it runs the ports in XUEKA_VPCD are open to the
# network. They accept virtual cards for virtual readers and nothing else.
#
# Exit codes: 0 good; 1 it did not work; 2 wrong usage; 3 a private pcscd cannot
# be had on this machine. Other than 0, one line on standard error says why.

set -uo pipefail

# pcscd is in a folder that only root has on the search path.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

readonly SLOTS_OF_VPCD=2
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
	fail 2 "usage: ${0##*/} start DIR N (0 to 16) [xueka|vpcd [READER...]] | kill DIR | restart DIR | stop DIR"
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

# Prints the file of our own driver: what is named, else what was built last.
our_driver() {
	local file newest=''
	if [[ -n ${XUEKA_IFD-} ]]; then
		[[ -r $XUEKA_IFD ]] && printf '%s\n' "$XUEKA_IFD"
		return
	fi
	local target=${CARGO_TARGET_DIR:-$(dirname "$0")/../target}
	for file in ${XUEKA_BIN_DIR:+"$XUEKA_BIN_DIR"/libifdxueka.so} \
		"$target"/{debug,release}/libifdxueka.so; do
		[[ -r $file ]] || continue
		[[ $file != "${XUEKA_BIN_DIR-}"/* ]] || { newest=$file && break; }
		[[ -n $newest && $newest -nt $file ]] || newest=$file
	done
	[[ -n $newest ]] && printf '%s\n' "$newest"
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
configure_vpcd() {
	local file=$1 index first name
	for ((index = 0; index < ${#ports[@]} / SLOTS_OF_VPCD; index++)); do
		first=${ports[index * SLOTS_OF_VPCD]}
		name="Virtual Reader $((index + 1))"
		cp -L "$file" "lib/libifdvpcd$index.so" || return 1
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
	addresses=("${ports[@]/#/127.0.0.1:}")
	n_unix_sockets=1 n_tcp_sockets=${#ports[@]}
}

# Writes one file with an entry for each reader; one library serves them all.
configure_ours() {
	local file=$1 n_readers=$2 index reader name settings
	shift 2
	# A copy, for the next build would replace it under a pcscd that runs.
	cp -L "$file" lib/libifdxueka.so || return 1
	: >conf/readers
	addresses=()
	for ((index = 0; index < n_readers; index++)); do
		printf -v reader 'Virtual Reader %d;serial=XK%04d' $((index + 1)) $((index + 1))
		[[ $# -eq 0 ]] || { reader=$1 && shift; }
		name=${reader%%;*} settings=${reader#"$name"}
		addresses+=("unix:$PWD/field/$index")
		{
			printf 'FRIENDLYNAME "%s"\n' "$name"
			printf 'DEVICENAME "unix:%s/field/%d%s"\n' "$PWD" "$index" "$settings"
			printf 'LIBPATH %s/lib/libifdxueka.so\n' "$PWD"
			printf 'CHANNELID %d\n' "$index"
		} >>conf/readers
		# pcscd numbers the readers of one library through, whatever their
		# names are.
		printf '%s %02X 00\n' "$name" "$index" >>readers
	done
	n_unix_sockets=$((1 + n_readers)) n_tcp_sockets=0
}

write_configuration() {
	local driver=$1 addresses=()
	shift
	rm -rf conf lib field
	mkdir conf lib field
	: >readers
	local names=(xueka XUEKA_VIRTUAL_READERS)
	if [[ $driver = vpcd ]]; then
		names=(vpcd XUEKA_VPCD)
		configure_vpcd "$1" || return 1
	else
		configure_ours "$@" || return 1
	fi
	{
		printf "PCSCLITE_CSOCK_NAME='%s/run/pcscd.comm'\n" "$PWD"
		printf '%s=%s\n' "${names[1]}" "$(IFS=, && echo "${addresses[*]}")"
		echo "export PCSCLITE_CSOCK_NAME ${names[1]}"
	} >./env
}

pcscd_runs() {
	[[ -n $pcscd ]] && kill -0 "$pcscd" 2>/dev/null
}

# Succeeds when pcscd listens on its own socket and at each of the addresses:
# what the kernel says of the sockets that this very process holds.
pcscd_answers() {
	local sockets n_unix n_tcp
	sockets=$(find "/proc/$pcscd/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null |
		tr -dc '0-9\n')
	n_unix=$(awk 'NR == FNR { held[$1] = 1; next } $4 == "00010000" && $7 in held { n++ } END { print n + 0 }' \
		<(printf '%s\n' "$sockets") "/proc/$pcscd/net/unix" 2>/dev/null)
	n_tcp=$(awk 'NR == FNR { held[$1] = 1; next } $4 == "0A" && $10 in held { n++ } END { print n + 0 }' \
		<(printf '%s\n' "$sockets") "/proc/$pcscd/net/tcp" 2>/dev/null)
	[[ $n_unix -ge $n_unix_sockets && $n_tcp -eq $n_tcp_sockets ]]
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
	exec setpriv --pdeathsig KILL pcscd --foreground --error --config "$dir/conf" ${XUEKA_PCSCD_OPTIONS-}
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
			reason="pcscd does not serve all the readers: $(tail -n 1 log)"
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
	local dir=$1 owner=$2 namespace_of=$3 driver=$4 file=$5 n_readers=$6
	shift 6
	namespace=$namespace_of socket_folder=$(built_with ipcdir) drivers=$(built_with usbdropdir)
	socket_folder=${socket_folder:-/run/pcscd} drivers=${drivers:-/usr/lib/pcsc/drivers}
	pcscd='' reason='' ports=() n_unix_sockets=0 n_tcp_sockets=0
	cd "$dir" || exit 1
	exec 3<>control 4<>reply
	mkdir -p run none "above/$(basename "$socket_folder")"
	echo $$ >keeper

	local tries started=no
	for ((tries = 0; tries < 3; tries++)); do
		if [[ $driver = vpcd ]]; then
			choose_ports "$n_readers" || continue
		fi
		write_configuration "$driver" "$file" "$n_readers" "$@" && start_pcscd &&
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
	local dir=$1 n_readers=$2 driver=${3-xueka} file namespace
	[[ $n_readers =~ ^[0-9]{1,2}$ ]] || usage
	n_readers=$((10#$n_readers))
	case $driver in
	vpcd)
		(($# <= 3)) || usage
		n_readers=$(((n_readers + 1) / SLOTS_OF_VPCD * SLOTS_OF_VPCD))
		;;
	xueka) (($# <= 3 + n_readers)) || usage ;;
	*) usage ;;
	esac
	((n_readers <= MOST_READERS)) || usage

	local program
	for program in pcscd unshare setpriv setsid mount; do
		command -v "$program" >/dev/null ||
			fail 3 "there is no $program here; scripts/install-packages.sh demo"
	done
	if [[ $driver = vpcd ]]; then
		file=$(vpcd_driver) ||
			fail 3 "there is no vpcd driver here; scripts/install-packages.sh demo"
	else
		file=$(our_driver) ||
			fail 3 "our driver is not built: cargo build --package xueka-ifd; or set XUEKA_IFD"
		file=$(realpath "$file")
	fi

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
	setsid "$BASH" "$0" keep "$dir" "${XUEKA_OWNER:-$PPID}" "$namespace" "$driver" "$file" \
		"$n_readers" "${@:4}" </dev/null >>"$dir/log" 2>&1 4>&- &
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
start:[0-2]) usage ;;
start:*) start "${@:2}" ;;
kill:2 | restart:2 | stop:2) order "$1" "$2" ;;
keep:*) keep "${@:2}" ;;
*) usage ;;
esac
