#!/usr/bin/env bash
#
# The main job from the card to the verdict, without hardware: a pcscd of its
# own with virtual readers, the daemon, the command line, virtual cards. Each
# step prints its command and its answer and is checked; the first wrong one
# ends the demonstration with exit code 1. Nothing is left behind but the build
# and the packages it needs.
#
#   demo.sh [--in-process]   with readers inside the daemon, not those of pcscd
#
# XUEKA_BIN_DIR names a folder with both programs when they are built already.

set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

readonly SLOT=0
readonly LIST=examples/issued-cards.csv
# Cards of that list, and one that is not in it.
readonly TRANSIT='transit-cpu number=1000751012345678 uid=3A5C7E91'
readonly T_UNION='t-union number=3104870012345678901 uid=5D18A3C2'
readonly M1='mifare-classic-1k uid=9B27D4E6'
readonly RANDOM_UID='desfire uid=random'
readonly UNKNOWN='iso14443-4 uid=C0FFEE42'
readonly NUMBER=1000751012345678

place='' daemon='' pcscd=''

# --- Ends --------------------------------------------------------------------

tidy_up() {
	trap - EXIT
	trap '' INT TERM
	if [[ -n $daemon ]]; then
		kill "$daemon" 2>/dev/null
		wait "$daemon" 2>/dev/null
	fi
	[[ -z $pcscd ]] || scripts/private-pcscd.sh stop "$pcscd"
	[[ -z $place ]] || rm -rf "$place"
}
trap tidy_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
	printf '\n%sThis is wrong:%s %s\n' "$red" "$plain" "$*" >&2
	if [[ -s $place/xuekad.log ]]; then
		printf '\nThe log of the daemon ends with:\n' >&2
		tail -n 15 "$place/xuekad.log" >&2
	fi
	exit 1
}

# --- What is printed ---------------------------------------------------------

bold='' dim='' red='' plain=''
if [[ -t 1 && -z ${NO_COLOR-} ]]; then
	bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'
fi

n_steps=0
step() {
	n_steps=$((n_steps + 1))
	printf '\n%s%d. %s%s\n' "$bold" "$n_steps" "$1" "$plain"
	shift
	(($# == 0)) || printf '   %s\n' "$@"
}

# Shows a command as one would type it.
shown() {
	local word line=''
	for word; do
		[[ $word != *[\ \"\$]* ]] || word="'$word'"
		line+=" $word"
	done
	printf '\n   %s$%s%s\n' "$dim" "$line" "$plain"
}

# run CODE WORD... runs `xueka WORD...`, shows it and its answer, which stays in
# `answer`, and fails unless the exit code is CODE.
run() {
	local expected=$1 code=0
	shift
	shown xueka "$@"
	answer=$("$bin/xueka" "$@" 2>&1) || code=$?
	[[ -z $answer ]] || printf '%s\n' "$answer" | sed 's/^/   /'
	((code == expected)) || fail "the exit code is $code and should be $expected"
	((code == 0)) || printf '   %s(exit code %d)%s\n' "$dim" "$code" "$plain"
}

# says TEXT... fails unless the last answer has each text.
says() {
	local text
	for text; do
		[[ $answer = *"$text"* ]] || fail "the answer should say \"$text\""
	done
}

# The commands that work on the card in the reader all end alike.
at_reader() {
	run "$@" --reader "$reader" --wait 10s
}

tap() {
	# shellcheck disable=SC2086 # A card is several words.
	run 0 sim insert --slot $SLOT $1
}

# Takes the card away and waits until the reader has noticed.
take_away() {
	run 0 sim remove --slot $SLOT
	local tries
	for ((tries = 0; tries < 500; tries++)); do
		[[ $("$bin/xueka" readers --json) = *CARD_PRESENT* ]] || return 0
		sleep 0.02
	done
	fail 'the reader does not notice that the card is gone'
}

# --- The parts ---------------------------------------------------------------

build() {
	if [[ -n ${XUEKA_BIN_DIR-} ]]; then
		bin=$XUEKA_BIN_DIR
		local program
		for program in xuekad xueka; do
			[[ -f $bin/$program && -x $bin/$program ]] ||
				fail "XUEKA_BIN_DIR is $bin, and there is no program $program in it"
		done
		return
	fi
	scripts/install-packages.sh build || exit 1
	echo 'Building xuekad and xueka (the first time takes some minutes) ...'
	cargo build --locked --release --quiet --package xueka-daemon --package xueka-cli ||
		fail 'it does not build'
	bin=$(cargo metadata --locked --format-version 1 --no-deps |
		sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release
}

# Starts a pcscd of our own, or says in a line why there is none.
start_readers() {
	local code=0 why
	if [[ $1 = --in-process ]]; then
		simulate=(--simulate 2)
		return
	fi
	if why=$(scripts/install-packages.sh demo 2>&1); then
		# Not in a subshell: pcscd lives as long as the caller.
		XUEKA_OWNER=$$ scripts/private-pcscd.sh start "$place/pcscd" 2 vpcd 2>"$place/why" || code=$?
		why=$(cat "$place/why")
	else
		code=3
	fi
	case $code in
	0)
		pcscd=$place/pcscd
		# shellcheck disable=SC1091 # It is made by the script above.
		. "$pcscd/env"
		simulate=(--simulate-vpcd "$XUEKA_VPCD")
		;;
	3)
		printf 'No pcscd of our own can be had (%s): going on with readers inside the daemon.\n' \
			"${why#private-pcscd: }"
		simulate=(--simulate 2)
		;;
	*) fail "the private pcscd does not start: $why" ;;
	esac
}

start_daemon() {
	cat >"$place/xuekad.toml" <<-TOML
		[listen]
		socket = "$place/xuekad.sock"
		[registry]
		path = "$place/registry.db"
	TOML
	export XUEKA_SERVER=unix:$place/xuekad.sock LC_ALL=C.UTF-8
	shown xuekad --config "$place/xuekad.toml" "${simulate[@]}"
	# Should this script be killed, the kernel ends the daemon too (Linux).
	local with_us=()
	! command -v setpriv >/dev/null || with_us=(setpriv --pdeathsig TERM)
	${with_us[@]+"${with_us[@]}"} "$bin/xuekad" --config "$place/xuekad.toml" \
		"${simulate[@]}" 2>"$place/xuekad.log" &
	daemon=$!
	local tries
	for ((tries = 0; tries < 500; tries++)); do
		kill -0 "$daemon" 2>/dev/null || fail 'the daemon ended'
		[[ $("$bin/xueka" readers --json 2>/dev/null) = *'"READY"'*'"EMPTY"'* ||
			$("$bin/xueka" readers --json 2>/dev/null) = *'"EMPTY"'*'"READY"'* ]] && return
		sleep 0.02
	done
	fail 'the daemon does not show its readers'
}

main() {
	case ${1-} in
	'' | --in-process) ;;
	*)
		echo "usage: ${0##*/} [--in-process]" >&2
		exit 2
		;;
	esac
	build
	place=$(mktemp -d "${TMPDIR:-/tmp}/xueka-demo.XXXXXX") || exit 1
	start_readers "${1-}"
	story
	tidy_up
	cat <<-TEXT

		${bold}That was the whole job.${plain} Only the build and its packages stay. What next:

		  make run           serve the readers attached to this machine
		  make test          run every test
		  ${bin#"$PWD"/}/xueka --help    all that the command line can do
	TEXT
}

# --- The story ---------------------------------------------------------------

story() {
	step 'The daemon starts' \
		'It serves virtual readers here; with hardware there is no --simulate option.'
	start_daemon
	run 0 readers
	reader=$("$bin/xueka" sim list --json | grep -o '"attached_to": *"[^"]*"' |
		sed -n "$((SLOT + 1))s/.*: *\"\(.*\)\"/\1/p")
	[[ ! -e $place/pcscd/readers ]] || reader=$(sed -n "$((SLOT + 1))p" "$place/pcscd/readers")
	says "$reader"

	step 'The school takes in the cards that were issued before' \
		"A list of students and cards: $LIST"
	run 0 card import "$LIST"
	says 'registered  7' 'refused     0'

	step 'A student card is tapped' \
		'A transit CPU card (市政交通一卡通), virtual here, of one of these students.'
	tap "$TRANSIT"

	step 'What does the card say?' \
		'Its family, its UID, its number and its validity, and how far that can be trusted.'
	at_reader 0 read
	says 3A5C7E91 $NUMBER 2049-12-31

	step 'Is it good?' \
		'Reading is what the card says; verifying is what the registry makes of it.'
	at_reader 0 verify
	says Valid

	step 'The student reports it lost'
	run 0 card report-loss --number $NUMBER
	says 'blocked from now on'

	step 'From that moment it is refused' \
		'At this desk, and for every gate and canteen that asks.'
	at_reader 1 verify
	says Lost
	run 1 blacklist check --number $NUMBER
	says Blocked

	step 'It is found again' \
		'The loss is cancelled only with the very card in the reader.'
	at_reader 0 card cancel-loss
	at_reader 0 verify
	says Valid
	run 0 blacklist check --number $NUMBER
	says 'Not blocked'
	take_away

	step 'A card of the older generation' \
		'A MIFARE Classic (M1): without a key only its UID is known, and that can be copied.'
	tap "$M1"
	at_reader 0 verify
	says Valid 9B27D4E6
	take_away

	step 'A T-Union student card (交通联合)'
	tap "$T_UNION"
	at_reader 0 read
	says 3104870012345678901
	at_reader 0 verify
	says Valid
	take_away

	step 'A card with a random UID' \
		'Phones and some DESFire cards make up a new UID at each tap: it names nobody.'
	tap "$RANDOM_UID"
	at_reader 0 read
	says random
	at_reader 6 verify
	says Unreadable
	take_away

	step 'A card that nobody knows'
	tap "$UNKNOWN"
	at_reader 0 read
	says C0FFEE42
	at_reader 1 verify
	says 'Not issued'
	take_away
}

main "$@"
