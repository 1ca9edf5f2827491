#!/usr/bin/env bash
#
# Puts our virtual reader driver into this machine's pcscd, or takes it out.
#
#   install-virtual-reader.sh             installs; says what was done, and the
#                                         way back
#   install-virtual-reader.sh uninstall   removes what was installed
#
# Settings, from the environment:
#
#   READERS  how many readers, 1 to 16; 1 unless set
#   NAME     what they are called; "Xueka Virtual Reader" unless set
#   MODE     who may play their cards, as rights of a socket: 600, pcscd's own
#            user alone, unless set; 666 lets every user of the machine
#   DESTDIR  a folder that stands in for /, for packages
#   XUEKA_IFD  the library, when it is built already
#
# pcscd reads its configuration when it starts, so it has to be restarted; that is
# left to you.
#
# Exit codes: 0 done; 1 it did not work; 2 wrong usage.

set -euo pipefail

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

readonly FILE=libifdxueka.so
readonly ENTRY=xueka-virtual-reader
readonly MOST_READERS=16 # pcscd drops what comes after.

fail() {
	local code=$1
	shift
	printf 'install-virtual-reader: %s\n' "$*" >&2
	exit "$code"
}

# The value that this machine's pcscd was built with, or that of most. Versions
# differ in what they call it.
built_with() {
	local value
	value=$(pcscd --version 2>/dev/null | sed -nE "s/.*[ ]($1)=([^ ]*).*/\2/p")
	printf '%s\n' "${value:-$2}"
}

library() {
	if [[ -n ${XUEKA_IFD-} ]]; then
		printf '%s\n' "$XUEKA_IFD"
		return
	fi
	cd "$(dirname "$0")/.."
	cargo build --locked --release --quiet --package xueka-ifd >&2
	printf '%s/release/%s\n' "$(cargo metadata --locked --format-version 1 --no-deps |
		sed 's/.*"target_directory":"\([^"]*\)".*/\1/')" "$FILE"
}

entries() {
	local n_readers=$1 name=$2 mode=$3 index
	echo '# Virtual readers of Xueka: docs/virtual-reader.md says how cards are put on'
	echo '# them. Made by install-virtual-reader, and removed by its uninstall.'
	for ((index = 0; index < n_readers; index++)); do
		printf '\nFRIENDLYNAME "%s"\n' "$name"
		printf 'DEVICENAME "unix:%s/xueka-%d;serial=XK%04d;mode=%s"\n' \
			"$sockets" "$index" $((index + 1)) "$mode"
		printf 'LIBPATH %s/%s\n' "$drivers" "$FILE"
		# Readers of one name are told apart by it.
		printf 'CHANNELID %d\n' "$index"
	done
}

install_all() {
	local n_readers=${READERS:-1} name=${NAME:-Xueka Virtual Reader} mode=${MODE:-600} file
	[[ $n_readers =~ ^[0-9]{1,2}$ ]] || fail 2 "READERS is a number from 1 to $MOST_READERS"
	n_readers=$((10#$n_readers))
	((n_readers >= 1 && n_readers <= MOST_READERS)) ||
		fail 2 "READERS is a number from 1 to $MOST_READERS"
	[[ $mode =~ ^[0-7]{3}$ ]] || fail 2 'MODE is three octal digits, such as 660'
	[[ -n $name && $name != *[[:cntrl:]\"\'\;\\]* && ${#name} -le 100 ]] ||
		fail 2 'NAME is at most 100 characters, in one line, without quotes, semicolons and backslashes'
	file=$(library) || fail 1 'the driver does not build'
	[[ -r $file ]] || fail 1 "there is no $file"

	mkdir -p "$root$drivers" "$root$configuration" || fail 1 'not permitted; try sudo'
	install -m 644 "$file" "$root$drivers/$FILE" || fail 1 'not permitted; try sudo'
	entries "$n_readers" "$name" "$mode" >"$root$configuration/$ENTRY"
	cat <<-TEXT
		Installed:
		  $root$drivers/$FILE
		  $root$configuration/$ENTRY ($n_readers of "$name")

		To use it, restart pcscd (systemctl restart pcscd.socket pcscd); then
		  pcsc_scan -r                 lists the readers,
		  $sockets/xueka-0        is where cards of the first are played.

		To undo it: make uninstall-virtual-reader${DESTDIR:+ DESTDIR=$DESTDIR}, and restart pcscd.
	TEXT
}

uninstall_all() {
	local file
	for file in "$root$drivers/$FILE" "$root$configuration/$ENTRY"; do
		if [[ -e $file ]]; then
			rm -f "$file" || fail 1 'not permitted; try sudo'
			echo "Removed $file"
		else
			echo "There was no $file"
		fi
	done
	echo 'Restart pcscd to let go of the readers (systemctl restart pcscd.socket pcscd).'
}

root=${DESTDIR-}
root=${root%/}
drivers=$(built_with usbdropdir /usr/lib/pcsc/drivers)/serial
configuration=$(built_with 'serialconfdir|configdir' /etc/reader.conf.d)
sockets=$(built_with ipcdir /run/pcscd)

case ${1-install}:$# in
install:[01]) install_all ;;
uninstall:1) uninstall_all ;;
*) fail 2 "usage: ${0##*/} [uninstall]" ;;
esac
