#!/usr/bin/env bash
#
# Installs what this project needs from the distribution, and only what is
# missing.
#
#   install-packages.sh [GROUP...]
#
#   build    compile: a C compiler (SQLite is built from source), pkg-config and
#            the headers of PC/SC; Rust is asked for first and never installed
#   runtime  serve readers: pcscd and the driver for USB readers
#   demo     pcscd and vpcd, the virtual reader
#   test     what the tests need beside: vpcd, vicc, pcsc-tools, Python with venv
#   check    what the checks need beside: npm, shellcheck
#   fuzz     what fuzzing needs beside: a C++ compiler
#   bench    what the benchmarks need beside: the sqlite3 command
#
# Without a group: build and runtime. On Debian and its relatives the packages are
# installed, with sudo when not root. Elsewhere they are named, for you to
# install.
#
# Exit codes: 0 nothing is missing any more; 1 something is; 2 wrong usage.

set -uo pipefail

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# --- What each group needs ---------------------------------------------------

needs_of() {
	case $1 in
	build) echo c_compiler pkg_config pcsc_headers ;;
	runtime) echo pcscd usb_driver ;;
	demo) echo pcscd vpcd namespaces ;;
	test) echo pcscd vpcd namespaces vicc atr_analysis python_venv postgresql ;;
	check) echo npm shellcheck ;;
	fuzz) echo cxx_compiler ;;
	bench) echo sqlite_tool ;;
	*) return 1 ;;
	esac
}

# --- Whether a need is met ---------------------------------------------------

has() {
	command -v "$1" >/dev/null
}

any_file() {
	local file
	for file; do
		[[ -e $file ]] && return
	done
	return 1
}

is_met() {
	case $1 in
	# The C library's headers come in a package of their own.
	c_compiler) has cc && echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1 ;;
	cxx_compiler) has c++ ;;
	pkg_config) [[ $system = macos ]] || has pkg-config ;;
	# On macOS PC/SC is a framework of the system, and so is its service.
	pcsc_headers) [[ $system = macos ]] || pkg-config --exists libpcsclite 2>/dev/null ;;
	pcscd) [[ $system = macos ]] || has pcscd ;;
	usb_driver) [[ $system = macos ]] || any_file /usr/lib*/pcsc/drivers/ifd-ccid.bundle /usr/lib/*/pcsc/drivers/ifd-ccid.bundle ;;
	vpcd) any_file /usr/lib*/pcsc/drivers/serial/libifdvpcd.so /usr/local/lib/pcsc/drivers/serial/libifdvpcd.so ;;
	namespaces) has unshare && has setpriv && has setsid && has mount ;;
	vicc) has vicc ;;
	atr_analysis) has ATR_analysis && any_file /usr/share/pcsc/smartcard_list.txt /usr/local/pcsc/smartcard_list.txt /usr/local/share/pcsc/smartcard_list.txt ;;
	python_venv) python3 -c 'import venv, ensurepip' 2>/dev/null ;;
	postgresql) any_file /usr/lib/postgresql/*/bin/initdb /usr/bin/initdb /usr/local/bin/initdb /opt/homebrew/bin/initdb ;;
	npm) has npm ;;
	sqlite_tool) has sqlite3 ;;
	shellcheck) has shellcheck ;;
	esac
}

# --- Which packages meet it --------------------------------------------------
#
# One line a need; a dash where the distribution has no package for it.

packages_of() {
	local need debian fedora arch alpine suse macos
	while read -r need debian fedora arch alpine suse macos; do
		[[ $need = "$1" ]] || continue
		case $system in
		debian) echo "$debian" ;;
		fedora) echo "$fedora" ;;
		arch) echo "$arch" ;;
		alpine) echo "$alpine" ;;
		suse) echo "$suse" ;;
		macos) echo "$macos" ;;
		esac | tr ',' '\n'
	done <<'TABLE'
c_compiler   gcc,libc6-dev               gcc                 gcc         build-base    gcc             -
cxx_compiler g++                         gcc-c++             gcc         build-base    gcc-c++         -
pkg_config   pkg-config                  pkgconf-pkg-config  pkgconf     pkgconf       pkg-config      -
pcsc_headers libpcsclite-dev             pcsc-lite-devel     pcsclite    pcsc-lite-dev pcsc-lite-devel -
pcscd        pcscd                       pcsc-lite           pcsclite    pcsc-lite     pcsc-lite       -
usb_driver   libccid                     pcsc-lite-ccid      ccid        ccid          pcsc-ccid       -
vpcd         vsmartcard-vpcd             -                   -           -             -               -
namespaces   util-linux,mount            util-linux          util-linux  util-linux    util-linux      -
vicc         vsmartcard-vpicc            -                   -           -             -               -
atr_analysis pcsc-tools                  pcsc-tools          pcsc-tools    -             pcsc-tools     -
python_venv  python3,python3-venv        python3             python      python3       python3         python
sqlite_tool  sqlite3                     sqlite              sqlite      sqlite        sqlite3         sqlite
postgresql   postgresql                  postgresql-server   postgresql  postgresql    postgresql-server postgresql
npm          npm                         npm                 npm         npm           npm-default     node
shellcheck   shellcheck                  ShellCheck          shellcheck  shellcheck    ShellCheck      shellcheck
TABLE
}

install_command() {
	case $system in
	fedora) echo 'sudo dnf install' ;;
	arch) echo 'sudo pacman -S' ;;
	alpine) echo 'doas apk add' ;;
	suse) echo 'sudo zypper install' ;;
	macos) echo 'brew install' ;;
	esac
}

# Sets `system` to the family of this machine's distribution.
find_system() {
	system=unknown
	if [[ $(uname -s) = Darwin ]]; then
		system=macos
		return
	fi
	local word
	# shellcheck disable=SC1091 # It is the machine's own file.
	for word in $(. /etc/os-release 2>/dev/null && echo "${ID-} ${ID_LIKE-}"); do
		case $word in
		debian | ubuntu) system=debian ;;
		fedora | rhel | centos) system=fedora ;;
		arch) system=arch ;;
		alpine) system=alpine ;;
		suse | opensuse | opensuse-*) system=suse ;;
		*) continue ;;
		esac
		return
	done
}

# --- Installing --------------------------------------------------------------

say() {
	printf 'install-packages: %s\n' "$*" >&2
}

install_with_apt() {
	local as_root=()
	if [[ $(id -u) -ne 0 ]]; then
		if ! has sudo; then
			say "not root and no sudo here. As root run: apt-get install --no-install-recommends $*"
			return 1
		fi
		as_root=(sudo)
	fi
	say "installing $*"
	local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
	local install=("${apt[@]}" install --no-install-recommends -y "$@")
	# The lists may be absent or out of date; only then are they fetched. What
	# was said the first time is of no interest if the second succeeds.
	"${install[@]}" >/dev/null 2>&1 && return
	"${apt[@]}" update && "${install[@]}" >/dev/null && return
	say "apt-get could not install: $*"
	return 1
}

# Succeeds when `cargo` is there and as new as Cargo.toml asks; otherwise says so.
# Distributions are slow to follow Rust, and rustup belongs to the user, not to a
# script: it is named, not run.
check_rust() {
	local needed there
	needed=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "${BASH_SOURCE[0]%/*}/../Cargo.toml")
	if ! there=$(cargo --version 2>/dev/null); then
		say "there is no working cargo on the search path: install Rust $needed or newer with rustup (https://rustup.rs)"
		return 1
	fi
	there=${there#cargo }
	there=${there%%[ -]*}
	is_as_new "$there" "$needed" && return
	say "cargo is version $there here, which is too old: install Rust $needed or newer with rustup (https://rustup.rs)"
	return 1
}

# is_as_new THERE NEEDED compares the first two parts of two version numbers.
is_as_new() {
	local major minor needed_major needed_minor
	IFS=. read -r major minor _ <<<"$1"
	IFS=. read -r needed_major needed_minor _ <<<"$2"
	((major > needed_major || (major == needed_major && minor >= needed_minor)))
}

name_packages() {
	local packages=() foreign=() need package
	for need; do
		for package in $(packages_of "$need"); do
			if [[ $package = - ]]; then foreign+=("$need"); else packages+=("$package"); fi
		done
	done
	if [[ $system = unknown ]]; then
		say "this distribution is not known here; it lacks: ${*//_/ }"
		return
	fi
	((${#packages[@]} == 0)) || say "please run: $(install_command) ${packages[*]}"
	# Old versions of bash, such as that of macOS, call an empty list unset.
	for need in ${foreign[@]+"${foreign[@]}"}; do
		case $need in
		c_compiler | cxx_compiler) say "please run: xcode-select --install" ;;
		namespaces) say "a pcscd of one's own needs Linux; the demo does without it" ;;
		atr_analysis) say "ATR_analysis is not packaged here: https://pcsc-tools.apdu.fr says how to get it" ;;
		vpcd | vicc) say "$need is not packaged here: https://frankmorgner.github.io/vsmartcard says how to build it" ;;
		esac
	done
}

main() {
	local group need missing=() packages=()
	find_system
	(($#)) || set -- build runtime
	for group; do
		local needs
		if ! needs=$(needs_of "$group"); then
			say "no such group: $group (build, runtime, demo, test, check)"
			exit 2
		fi
		for need in $needs; do
			[[ " ${missing[*]-} " = *" $need "* ]] || is_met "$need" || missing+=("$need")
		done
	done
	# Before anything is installed: without Rust the packages are of no use.
	[[ " $* " != *' build '* ]] || check_rust || exit 1
	((${#missing[@]})) || exit 0

	if [[ $system != debian ]]; then
		name_packages "${missing[@]}"
		exit 1
	fi
	for need in "${missing[@]}"; do
		mapfile -t -O "${#packages[@]}" packages < <(packages_of "$need")
	done
	install_with_apt "${packages[@]}" || exit 1
	for need in "${missing[@]}"; do
		is_met "$need" && continue
		say "installed, and still not usable: ${need//_/ } ($(packages_of "$need" | paste -sd' '))"
		exit 1
	done
}

main "$@"
