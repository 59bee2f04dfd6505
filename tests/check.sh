#!/bin/bash
# The steps of `make check`, in order; every step runs even when an earlier one failed.
#   check.sh MAKE BUILD-DIRECTORY SEEDS
set -u
make=$1 O=$2 seeds=$3
export O
started=$SECONDS

say() { printf '\n== %s (%d s)\n' "$1" $((SECONDS - started)); }
built() { # name, make arguments: one test, passed when it builds
	local name=$1 log
	shift
	log=$O/check/$(echo "$name" | tr ' ' '-').log
	if $make -k "$@" > "$log" 2>&1; then
		echo "1 0 0 $name" >> "$O/check/counts"
		printf '  ok    %s\n' "$name"
	else
		echo "0 1 0 $name" >> "$O/check/counts"
		printf '  FAIL  %s\n%s\n' "$name" "$(grep -E 'error|Error|undefined' "$log" | head -n 20)"
	fi
}

say 'build with gcc'
built 'build with gcc' CC=gcc all tests
say 'build with clang'
built 'build with clang' CC=clang all tests
for step in lint check-unit check-ct check-sim check-planted check-integration; do
	say "$step"
	# A step that cannot even start counts as one failure.
	before=$(wc -l < "$O/check/counts")
	$make SEEDS="$seeds" "$step" || [ "$(wc -l < "$O/check/counts")" -gt "$before" ] ||
		echo "0 1 0 $step" >> "$O/check/counts"
done
say 'done'
grep -vE '^[0-9]+ 0 ' "$O/check/counts" | sed 's/^[0-9]* \([0-9]*\) [0-9]* \(.*\)/FAILED: \2 (\1)/'
tests/run.sh total
