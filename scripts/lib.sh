# lib.sh: sourced by the other scripts. Where things are, messages, timed
# steps, locks.
#
# shellcheck shell=bash

set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$top/build
tree=$build/tree
logs=$build/logs
rig=$top/tools/testing/rig
mkdir -p "$build" "$logs"
: "${JOBS:=$(nproc)}"

# Nobody's own settings of git, make or language may change what comes out.
export LC_ALL=C.UTF-8
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
git_plain() {
	GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null git -c gc.auto=0 -c safe.directory='*' "$@"
}
tgit() { git_plain -C "$tree" "$@"; }

# work_tree DIRECTORY COMMIT: COMMIT of build/tree's repository, checked out there. What
# an earlier build/tree has left is made anew.
work_tree() {
	if [ ! -e "$1/.git" ] || ! git_plain -C "$1" rev-parse -q --verify HEAD >/dev/null 2>&1; then
		rm -rf "$1"
		tgit worktree prune
		tgit worktree add -q --detach "$1" "$2" >&2 || return 1
	fi
	git_plain -C "$1" checkout -q -f --detach "$2"
}

die() {
	echo "error: $*" >&2
	exit 1
}

# A line that step() shows to the user even when all went well.
note() { echo "note: $*"; }

have() { command -v "$1" >/dev/null 2>&1; }

# hold NAME: wait for, then keep until exit, the lock NAME, so that two makes
# in one checkout do not build over each other. A worker called by a holder
# does not ask again.
hold() {
	local var=HELD_${1//-/_} fd
	[ -z "${!var:-}" ] || return 0
	exec {fd}>"$build/.lock-$1"
	if ! flock -n "$fd"; then
		note "waiting for another make in this checkout (lock $1)"
		flock "$fd"
	fi
	export "$var=1"
}

# steps M; then: step LOG "what is being done" command...
# Prints `[n/m] what ... s`; the command's output goes to build/logs/LOG.log.
# A long step reports every minute; a failed one shows the end of its log.
steps() { STEP_M=$1 STEP_N=0; }
step() {
	local log=$logs/$1.log what=$2 start pid rc t last=0 shown=0
	shift 2
	STEP_N=$((STEP_N + 1))
	local head="[$STEP_N/$STEP_M] $what ..."
	printf '%s' "$head"
	start=$SECONDS
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	# shellcheck disable=SC2064
	trap "kill $pid 2>/dev/null; exit 130" INT TERM
	while kill -0 $pid 2>/dev/null; do
		sleep 0.1
		t=$((SECONDS - start))
		[ $t -ge 5 ] && [ $t -gt $last ] || continue
		last=$t
		if [ -t 1 ]; then
			printf '\r%s %d s, %d files ' "$head" $t "$(grep -c '^  [A-Z]' "$log")"
		elif [ $((t % 60)) -eq 0 ]; then
			printf ' %d s (%d files) ...' $t "$(grep -c '^  [A-Z]' "$log")"
		fi
		shown=1
	done
	wait $pid
	rc=$?
	trap - INT TERM
	t=$((SECONDS - start))
	if [ $rc -ne 0 ]; then
		printf ' FAILED after %d s\n' $t
		if grep -q '^error: ' "$log"; then
			grep -A 20 '^error: ' "$log" | tail -n 25 >&2
		else
			tail -n 25 "$log" >&2
		fi
		echo "(the whole log: ${log#"$top"/})" >&2
		exit $rc
	fi
	[ $shown -eq 1 ] && [ -t 1 ] && printf '\r%s\033[K' "$head"
	printf ' %d s\n' $t
	sed -n 's/^note: /      /p' "$log"
}

# kmake SOURCE OUT argument...: the kernel's make. The same sources give the
# same bytes, and ccache hits across checkouts. virt/kvm has a variable KVM of its own.
kmake() {
	local src=$1 out=$2 cc=gcc
	shift 2
	! have ccache || cc="ccache gcc"
	KBUILD_BUILD_TIMESTAMP='2022-12-11' KBUILD_BUILD_USER=rig KBUILD_BUILD_HOST=rig \
	KBUILD_KCONFIG=$out/Kconfig.top \
	CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 \
		env -u KVM make -C "$src" O="$out" -j"$JOBS" CC="$cc" "$@"
}

# The new files of this overlay, paths as in the kernel tree, one per line.
new_files() {
	{
		git_plain -C "$top" ls-files -co --exclude-standard -- \
			drivers include tools Documentation 2>/dev/null ||
			(cd "$top" && find drivers include tools Documentation -type f 2>/dev/null)
	} |
		grep -v '^tools/testing/rig/' | sort -u |
		while IFS= read -r f; do
			[ -e "$top/$f" ] && printf '%s\n' "$f"
		done
}

# The mails of patches/series, in order.
series() {
	[ -f "$top/patches/series" ] || return 0
	sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$top/patches/series"
}

# wanted NAME 'glob ...': is it one that some glob matches?
wanted() {
	local glob globs
	read -ra globs <<<"$2"
	for glob in "${globs[@]}"; do
		# shellcheck disable=SC2053
		[[ $1 != $glob ]] || return 0
	done
	return 1
}

# machine_args 'property=value ...': the emulated IOMMU as it differs from the one in
# tools/testing/rig/machine, in arguments of QEMU; cpu=NAME is the processor.
machine_args() {
	local prop props
	read -ra props <<<"$1"
	for prop in "${props[@]}"; do
		case $prop in
		cpu=*) printf ' -cpu %s' "${prop#cpu=}" ;;
		*) printf ' -global intel-iommu.%s' "$prop" ;;
		esac
	done
}

# count NAME TOTAL-FILE: add what a part of the tests counted to passed, failed, skipped
count() {
	local p=0 f=0 s=0
	[ ! -f "$2" ] || read -r p f s <"$2"
	if [ $((p + f + s)) -eq 0 ]; then
		f=1
		echo "not ok $1: no test ran"
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	part_failed=$f
}

# boot_part NAME KERNEL INITRAMFS RESULTS-DIRECTORY: a boot whose tests are counted. What
# else counts is in WANT_KUNIT, APPEND, QEMU_ARGS, TIMEOUT.
boot_part() {
	local name=$1 res=$4 rc
	mkdir -p "$res"
	"$top/scripts/boot" test "$2" "$3" "$res" | "$top/scripts/verdict" "$tree" "$res" "$res/total"
	rc=${PIPESTATUS[0]}
	count "$name" "$res/total"
	[ "$rc" -ne 0 ] && [ "$part_failed" -eq 0 ] || return 0
	echo "not ok $name: boot reports a failure ($rc) that no test explains (${res#"$top"/}/verdict.log)"
	failed=$((failed + 1))
}
