#!/bin/bash
# Runs one step of the checks and adds what it counted to $CHECK/counts.
#   run.sh programs STEP PROGRAM...     ct PROGRAM...     sim PROGRAM SEEDS     lint     integration
#   run.sh soak SIM SEEDS ROUNDS PROGRAM...     total
# CC, O (the build directory) and JOBS come from the Makefile.
set -u
O=${O:-build/gcc} JOBS=${JOBS:-2}
# Two cores shared with everything else: Check's own four seconds are too few.
export CK_DEFAULT_TIMEOUT=${CK_DEFAULT_TIMEOUT:-300} O
export BIN=${BIN:-$O/bin}
# Where the counts and logs go: `make check` gathers all its steps in a place of its own.
CHECK=${CHECK:-$O/step}
mkdir -p "$CHECK"

# Prints "passed failed skipped" of a finished program from its log and exit status. Understands
# Check's closing lines, "N passed, N failed, N skipped", mutants killed, and "SKIPPED N ..." or
# "SKIPPED: ..."; else the status decides.
count() {
	awk -v rc="$2" '
		/SKIPPED/ {
			for (i = 1; i <= NF && $i !~ /^SKIPPED:?$/; i++) continue
			if (i <= NF) skipped += $(i + 1) ~ /^[0-9]+$/ ? $(i + 1) : 1
		}
		/^[0-9]+ passed, [0-9]+ failed/ { closing = 1; passed = $1; failed = $3; more = $5 + 0 }
		/Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+/ {
			line = $0; sub(/.*Checks: /, "", line); gsub(/[^0-9 ]/, "", line)
			split(line, n, " +"); checks += n[1]; bad += n[2] + n[3]
		}
		/ killed by / { killed++ }
		/ SURVIVED$/ { survived++ }
		END {
			if (killed + survived) { passed = killed; failed = survived }
			else if (closing) skipped += more
			else if (checks) { passed = checks - bad; failed = bad }
			else if (rc == 77) skipped++
			else passed = rc == 0
			if (rc != 0 && rc != 77 && failed == 0) failed = 1
			print passed + 0, failed + 0, skipped + 0
		}' "$1"
}

# name, log, exit status: says it in one line, with the end of the log when it failed
report() {
	local name=$1 log=$2 rc=$3 p f s
	read -r p f s < <(count "$log" "$rc")
	echo "$p $f $s $name" >> "$CHECK/counts"
	if [ "$f" -eq 0 ]; then
		printf '  ok    %-44s %s%s\n' "$name" "$p" "$([ "$s" -gt 0 ] && echo ", $s skipped")"
		grep -E 'SKIPPED|^attestation cases:' "$log" | sed 's/^/        /'
	else
		printf '  FAIL  %-44s %s passed, %s failed (exit %s), %s:\n%s\n' "$name" "$p" "$f" "$rc" \
			"$log" "$(tail -n 40 "$log" | sed 's/^/        /')"
	fi
}

one() { # step program arguments...
	local step=$1 name log
	shift
	name=$1
	[ "$name" = env ] && name=$4
	log=$CHECK/$step-$(basename "$name").log
	name=$step/$(basename "$name")
	timeout "${TEST_TIMEOUT:-900}" "$@" > "$log" 2>&1 < /dev/null
	report "$name" "$log" $?
}

memcheck() { timeout 900 valgrind -q --error-exitcode=99 --suppressions=tests/ct/verdicts.supp "$@"; }

ct() { # a leak that is planted must be reported, the program itself must be clean
	local program=$1 name log rc
	name="$(basename "$program") ($(basename "$O"))"
	log=$CHECK/ct-$(basename "$program")-$(basename "$O").log
	memcheck "$program" > "$log" 2>&1 < /dev/null
	report "ct/$name" "$log" $?
	log=${log%.log}-planted.log
	memcheck "$program" --planted-leak > "$log" 2>&1 < /dev/null
	rc=$?
	if [ $rc -eq 99 ]; then
		: > "$log"
		rc=0
	else
		echo "the planted leak was not reported (exit $rc, want 99)" >> "$log"
		rc=1
	fi
	report "ct/$name reports its planted leak" "$log" $rc
}

# In braces, so that all of it is read before any of it runs.
{
step=$1
shift
touch "$CHECK/counts"
before=$(wc -l < "$CHECK/counts")
case $step in
one | ct-one)
	[ "$step" = one ] && one "$@" || ct "$@"
	;;
programs)
	name=$1
	shift
	[ $# -eq 0 ] || printf '%s\n' "$@" | xargs -P "$JOBS" -I{} "$0" one "$name" {}
	;;
ct)
	[ $# -eq 0 ] || printf '%s\n' "$@" | xargs -P "$JOBS" -I{} "$0" ct-one {}
	;;
sim)
	[ -n "$1" ] && one sim "$1" --seeds "$2"
	;;
planted)
	# Their own number of seeds: a fault must be found, however few seeds the healthy run had.
	[ -x tests/sim/planted.sh ] && one planted env -u SEEDS tests/sim/planted.sh
	;;
lint)
	one lint tests/lint/lint.pl --selftest --objects "$O"
	;;
integration)
	for script in tests/integration/*.sh; do
		case $script in */lib*.sh | */common*.sh | */soak*.sh) continue ;; esac
		TEST_TIMEOUT=600 one integration "$script"
	done
	;;
soak)
	sim=$1 seeds=$2 rounds=$3
	shift 3
	[ -n "$sim" ] && TEST_TIMEOUT=0 one soak "$sim" --seeds "$seeds"
	for ((i = 0; i < rounds; i++)); do
		export SR_SEED=$RANDOM$RANDOM$RANDOM
		echo "round $((i + 1)) of $rounds: SR_SEED=$SR_SEED"
		[ $# -eq 0 ] || printf '%s\n' "$@" | xargs -P "$JOBS" -I{} "$0" one soak {}
	done
	;;
total)
	awk '{ p += $1; f += $2; s += $3 }
		END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 || p == 0 }' \
		"$CHECK/counts"
	exit
	;;
*)
	echo "run.sh: no step $step" >&2
	exit 2
	;;
esac
# A step on its own fails when anything in it failed; `make check` reads the counts at the end.
tail -n +$((before + 1)) "$CHECK/counts" | awk '$2 > 0 { bad = 1 } END { exit bad }'
exit
}
