#!/bin/bash
# Fuzzes every target for its share of the time, then says what each did and reached.
#   run.sh fuzz MINUTES [TARGET...]    run.sh one TARGET SECONDS    run.sh planted
#   run.sh coverage [TARGET...]        run.sh merge [TARGET...]
# FUZZ: the folder of the fuzzers; REPLAY: fuzz_replay of the coverage build; JOBS.
set -u
FUZZ=${FUZZ:-build/fuzz/fuzz} REPLAY=${REPLAY:-build/fuzzcov/fuzz/fuzz_replay} JOBS=${JOBS:-2}
CORPUS=tests/fuzz/corpus
out=build/fuzz/run

# name, longest input, weight; of the named targets, or of all
targets() {
	"$FUZZ/fuzz_replay" --list | awk -v want=" $* " \
		'want == "  " || index(want, " " $1 " ") { print $1, $2, $3 }'
}

one() { # target seconds
	local name=$1 seconds=$2 log=$out/$1.log max
	max=$(targets "$name" | cut -d' ' -f2)
	mkdir -p "$out/found/$name" "$out/crashes/$name" "$CORPUS/$name"
	ln -sf fuzz "$FUZZ/$name"
	# Beyond its time only when a single input hangs: then libFuzzer's own limit ends it. A minute,
	# since a busy machine has taken twelve seconds to begin a target's world with the empty input.
	nice timeout $((seconds + 120)) "$FUZZ/$name" -max_total_time="$seconds" -max_len="$max" \
		-timeout=60 -report_slow_units=60 -rss_limit_mb=2048 -malloc_limit_mb=512 -print_final_stats=1 \
		-artifact_prefix="$out/crashes/$name/" "$out/found/$name" "$CORPUS/$name" > "$log" 2>&1
	echo "exit $?" >> "$log"
	awk -v name="$name" '
		/stat::number_of_executed_units/ { runs = $2 }
		/stat::average_exec_per_sec/ { rate = $2 }
		/^exit / { bad = $2 != 0 }
		END { printf "  %-18s %9d runs %7d/s%s\n", name, runs, rate, bad ? "  FINDING" : "" }
	' "$log"
}

# A fuzzer that finds nothing where there is something would always be clean.
planted_found() {
	ln -sf planted_fuzz "$FUZZ/planted_overread"
	if "$FUZZ/planted_overread" -runs=1000000 -max_total_time=30 -seed=1 -max_len=16 \
		-artifact_prefix="$out/planted-" > "$out/planted.log" 2>&1; then
		echo 'the fuzzer does not find the planted fault' >&2
		return 1
	fi
	rm -f "$out"/planted-*
}

fuzz() { # minutes target...
	local seconds=$(($1 * 60)) weight findings=0 file
	shift
	mkdir -p "$out/found" "$out/before"
	mv -f "$out"/crashes/*/* "$out/before/" 2> /dev/null
	planted_found || return 1
	weight=$(targets "$@" | awk '{ w += $3 } END { print w }')
	[ "${weight:-0}" -gt 0 ] || { echo "no such target: $*" >&2; return 2; }
	targets "$@" | awk -v all="$((seconds * JOBS))" -v weight="$weight" \
		'{ s = int(all * $3 / weight); print $1, (s < 1 ? 1 : s) }' |
		xargs -P "$JOBS" -L 1 "$0" one
	coverage "$@" > "$out/coverage"
	printf '\n  %-18s %10s %8s %7s %8s %7s  %s\n' target runs runs/s corpus findings lines covers
	for name in $(targets "$@" | cut -d' ' -f1); do
		findings=$((findings + $(row "$name")))
	done
	for file in "$out"/crashes/*/*; do
		[ -f "$file" ] || continue
		name=$(basename "$(dirname "$file")")
		echo "FINDING $file"
		echo "  again: $FUZZ/$name $file"
		grep -hE 'ERROR: |runtime error|does not hold|SUMMARY' "$out/$name.log" | head -n 3 |
			sed 's/^/    /'
	done
	echo "$findings findings"
	[ "$findings" -eq 0 ]
}

# One line of the closing table on stderr, the number of findings on stdout.
row() {
	local name=$1 log=$out/$1.log found
	found=$(find "$out/crashes/$name" -type f 2> /dev/null | wc -l)
	grep -q '^exit 0$' "$log" || [ "$found" -gt 0 ] || found=1
	printf '  %-18s %10d %8d %7d %8d %7s  %s\n' "$name" \
		"$(awk '/number_of_executed_units/ { print $2 }' "$log")" \
		"$(awk '/average_exec_per_sec/ { print $2 }' "$log")" \
		"$(find "$CORPUS/$name" "$out/found/$name" -type f | wc -l)" "$found" \
		"$(awk -v n="$name" '$1 == n { print $2 }' "$out/coverage")" \
		"$(awk -v n="$name" '$1 == n { $1 = $2 = ""; print substr($0, 3) }' "$out/coverage")" >&2
	echo "$found"
}

# Runs the corpus, and what was found since, under the coverage build. Prints name, per cent, covers.
coverage() {
	local name dir=$out/profiles
	mkdir -p "$dir"
	for name in $(targets "$@" | cut -d' ' -f1); do
		find "$CORPUS/$name" "$out/found/$name" -type f -print0 2> /dev/null |
			LLVM_PROFILE_FILE=$dir/$name.profraw \
			xargs -0 -n 100000 "$REPLAY" "$CORPUS" "$name" > /dev/null 2>&1
		tests/fuzz/coverage.pl "$REPLAY" "$dir/$name.profraw" "$name" ${UNCOVERED:+--uncovered}
	done
}

# Keeps, of what was found, the few inputs that reach what the stored ones do not.
merge() {
	local name
	for name in $(targets "$@" | cut -d' ' -f1); do
		[ -d "$out/found/$name" ] || continue
		mkdir -p "$CORPUS/$name"
		ln -sf fuzz "$FUZZ/$name"
		nice "$FUZZ/$name" -merge=1 -timeout=10 -max_len=4096 "$CORPUS/$name" "$out/found/$name" \
			> "$out/$name.merge" 2>&1 || echo "  $name: see $out/$name.merge"
		printf '  %-18s %5d inputs\n' "$name" "$(find "$CORPUS/$name" -type f | wc -l)"
	done
	du -sb "$CORPUS" | awk '{ print "  " $1 " bytes in all" }'
}

# The replay and the fuzzer must both report what is planted. PLANTED: the replay with the faults.
planted() {
	local dir failed=0 passed=0 name
	dir=$(mktemp -d) || exit 1
	trap 'rm -rf "$dir"' EXIT
	"$PLANTED" --seeds "$dir" > /dev/null
	"$PLANTED" "$dir" > "$dir/log" 2>&1
	for name in overread two_forms; do
		if grep -q "FAILED planted_$name (.*seed-bad" "$dir/log"; then
			passed=$((passed + 1))
		else
			echo "the planted fault $name was not reported"
			failed=$((failed + 1))
		fi
	done
	if grep -q 'ok planted_none' "$dir/log"; then
		passed=$((passed + 1))
	else
		echo 'a target without a fault was reported'
		failed=$((failed + 1))
	fi
	[ $failed -eq 0 ] || cat "$dir/log"
	echo "$passed passed, $failed failed, 0 skipped"
	[ $failed -eq 0 ]
}

# In braces, so that all of it is read before any of it runs.
{
what=$1
shift
case $what in
fuzz | one | coverage | merge | planted) "$what" "$@" ;;
*) echo "run.sh: no $what" >&2; exit 2 ;;
esac
exit
}
