#!/bin/bash
# Planted faults, each of which must be noticed. The simulator is built against a copy of a folder with one rule
# broken (tests/mutants) and must show a violation. The other mutants, which whole cores mask by a second line of
# defence (an execution layer that keeps no state below the last final block refuses wrong-final-parent, too), are for
# the unit tests of the rules: tests/mutants/kill.sh runs those against every mutant.
#   planted.sh [MUTANT...]       SEEDS=400 seeds at most each
set -u
cd "$(dirname "$0")/../.."
O=${O:-build/gcc} CC=${CC:-gcc} SEEDS=${SEEDS:-400} JOBS=${JOBS:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- no-persist no-gap-check final-after-skip quorum-minus-one \
	deal-share-unverified reshare-fresh

build() { # mutant
	local dir=$work/$1 f part lib objects=()
	tests/mutants/build.sh "$1" "$dir" || return 1
	part=$(cd "$dir" && echo */)
	part=${part%/}
	for f in "$dir/$part"/*.c; do
		case $f in */shell_*.c | */main.c) continue ;; esac
		$CC -std=c17 -D_POSIX_C_SOURCE=200809L -O2 -w -I "$dir" -I . -c "$f" -o "${f%.c}.o" || return 1
	done
	# As sim_fast is linked: the rules that are broken here are not the cryptography's.
	# Wire files of the folder are in another library: the broken objects come before all of them.
	for lib in enclave consensus vault fake_shamir chain fake_attest wire fake_base; do
		[ "$lib" = "$part" ] || objects+=("$O/lib$lib.a")
	done
	$CC -o "$dir/sim" $(ls "$O"/obj/tests/sim/*.o | grep -vE '/(fake|test)_') "$O/libkeeper.a" \
		"$dir/$part"/*.o "${objects[@]}" \
		-ltokyocabinet -lsecp256k1 -lhogweed -lnettle -lgmp -lm -lpthread
}

replay() { grep -m 1 -oP 'replay: sim_fast \K.*(?= --verbose)'; }

# What is left of a failing run still fails, and is less than it was.
shrinks() { # mutant log
	local short
	short=$(eval "timeout 200 $work/$1/sim $(replay < "$2") --shrink" | tee -a "$2" | tail -n +2 | replay)
	[ -n "$short" ] && eval "$work/$1/sim $short" | grep -q VIOLATION || return 1
	echo "shrunk $1: $short"
	[[ $short == *--only-faults* ]] && [ "$(tr -cd , <<< "$short" | wc -c)" -lt 20 ]
}

one() { # mutant
	local log=$work/$1.log
	if ! build "$1" > "$log" 2>&1; then
		echo "FAIL $1: does not build: $(tail -n 3 "$log")"
		return 1
	fi
	# Calm seeds find nothing; a process that ends itself on an assertion is caught as well.
	timeout 240 "$work/$1/sim" --seeds "$SEEDS" --until-violation > "$log" 2>&1
	local rc=$?
	if [ $rc -ne 0 ] && [ $rc -ne 124 ]; then
		if [ "$1" = quorum-minus-one ] && ! shrinks "$1" "$log"; then
			echo "FAIL $1: a failing run does not shrink"
			return 1
		fi
		echo "caught $1: $(grep -m 1 -oE 'VIOLATION.*|internal check failed.*' "$log")"
		return 0
	fi
	echo "FAIL $1: $SEEDS seeds noticed nothing"
	return 1
}

export -f build one replay shrinks
export O CC SEEDS work
printf '%s\n' "$@" | xargs -P "$JOBS" -I{} bash -c 'one {}' | tee "$work/report"
caught=$(grep -c '^caught' "$work/report")
failed=$(($# - caught))
echo "$caught passed, $failed failed"
[ "$failed" -eq 0 ]
