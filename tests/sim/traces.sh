#!/bin/bash
# Same seed, same run, whichever compiler: compares the traces of two builds of one simulator.
#   traces.sh SIM SIM [SEEDS]
set -u
a=$1 b=$2 seeds=${3:-20}
passed=0 failed=0

trace() { "$1" --seed "$2" | grep -oE 'traces [0-9a-f]{16}'; }

for ((seed = 1; seed <= seeds; seed++)); do
	one=$(trace "$a" "$seed")
	if [ -n "$one" ] && [ "$one" = "$(trace "$b" "$seed")" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL seed $seed: $a and $b went different ways"
	fi
done
# Nor does it matter how many processes share the seeds.
several() { "$a" --seeds 12 --quiet --jobs "$1" | grep -oE 'traces [0-9a-f]{16}'; }
if [ "$(several 1)" = "$(several 3)" ]; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	echo "FAIL one process and three went different ways"
fi
# A comparison that can fail: another seed is another trace.
if [ "$(trace "$a" 1)" != "$(trace "$b" 2)" ]; then
	passed=$((passed + 1))
else
	failed=$((failed + 1))
	echo "FAIL seeds 1 and 2 have one trace"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
