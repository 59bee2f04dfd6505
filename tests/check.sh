#!/bin/bash
# The steps of `make check`, in order; every step runs even when an earlier one failed.
#   check.sh MAKE BUILD-DIRECTORY SEEDS STEP...    a step is a target; VARIABLE=VALUE_target sets one
set -u
make=$1 O=$2 seeds=$3
shift 3
export CHECK=$O/check
started=$SECONDS

say() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - started)); }
built() { # name, make arguments: one test, passed when it builds
	local name=$1 log
	shift
	log=$CHECK/$(echo "$name" | tr ' ' '-').log
	if $make -k "$@" > "$log" 2>&1; then
		echo "1 0 0 $name" >> "$CHECK/counts"
		printf '  ok    %s\n' "$name"
	else
		echo "0 1 0 $name" >> "$CHECK/counts"
		printf '  FAIL  %s\n%s\n' "$name" "$(grep -E 'error|Error|undefined' "$log" | head -n 20)"
	fi
}

say 'build with gcc'
built 'build with gcc' CC=gcc all tests
say 'build with clang'
built 'build with clang' CC=clang all tests
# The constant-time tests under both compilers: each has its own ways to make a branch.
for step in "${@//_/ }"; do
	say "$step"
	# A step that cannot even start counts as one failure.
	before=$(wc -l < "$CHECK/counts")
	$make SEEDS="$seeds" $step || [ "$(wc -l < "$CHECK/counts")" -gt "$before" ] ||
		echo "0 1 0 $step" >> "$CHECK/counts"
done
say 'done'
grep -vE '^[0-9]+ 0 ' "$CHECK/counts" | sed 's/^[0-9]* \([0-9]*\) [0-9]* \(.*\)/FAILED: \2 (\1)/'
O=$O tests/run.sh total
