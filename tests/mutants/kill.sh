#!/bin/bash
# Builds each mutant (all, or the names and folders given) and runs tests against it until one
# fails: every mutant must be killed. `make mutants` writes what this needs to O/mutants.
#   tests/mutants/kill.sh [NAME | FOLDER]...       CC O JOBS RESUME=1
# Only the changed file is compiled; its object goes before its archive, whose own is not taken then.
# A kill is a test that fails, or a violation in the simulator. What does not compile or link, and
# what a program's time runs out on (unless the mutant says that it never ends), is a failure.
set -u
cd "$(dirname "$0")/../.."
O=${O:-build/gcc} CC=${CC:-gcc} JOBS=${JOBS:-2} RESUME=${RESUME:-}
out=$O/mutants
[ -f "$out/programs" ] || { echo "$0: run it with make mutants" >&2; exit 2; }
# So that a killed program is killed the same way again.
export SR_SEED=${SR_SEED:-1} CK_VERBOSITY=normal
# Always the same place, so that a compiler cache knows the files again; hence one run at a time.
work=$out/work
exec 8> "$out/lock"
flock -n 8 || { echo "$0: another run is at work in $out" >&2; exit 2; }
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
began=$SECONDS

# name, file, the programs it names, whether it never ends.
awk -v OFS='|' '
	function flush() { if (name != "") print name, file, by, ends }
	FNR == 1 { flush(); name = FILENAME; gsub(/.*\/|\.sed$/, "", name); file = by = ends = "" }
	FNR < 6 && sub(/^# file: */, "") { file = $0 }
	FNR < 6 && sub(/^# killed by: */, "") { by = $0 }
	FNR < 6 && sub(/^# ends: */, "") { ends = $0 }
	END { flush() }' tests/mutants/*/*.sed > "$work/index"

about() { # mutant: sets file, by, ends
	IFS='|' read -r _ file by ends < <(grep -m1 "^$1|" "$work/index")
}

# The rest, for a mutant that those it names don't kill: the tests of its folder, then whole cores.
others() { # file
	local folder=${1%%/*}
	[[ $1 == enclave/shell_* ]] && folder=shell
	cut -d'|' -f1 "$out/programs" | grep "^test_${folder}_"
	case $folder in consensus | vault | enclave) echo sim_fast ;; esac
}

compile() { # file, directory with the changed folder
	# shellcheck disable=SC2046
	$CC -I "$2" $(cat "$out/cflags") -c "$2/$1" -o "$2/${1//\//-}.o"
}

# The changed object goes behind libtestlib.a, which is always the first, so that it does not pull
# in what only other tests ask for. A test that includes the changed file is compiled again instead.
link() { # program, directory, file
	local line objects archives externals object source first="$2/${3//\//-}.o" with=()
	line=$(grep "^$1|" "$out/programs") || { echo "there is no program $1"; return 1; }
	IFS='|' read -r _ objects archives externals <<< "$line"
	for object in $objects; do
		source=${object#"$O/obj/"}
		source=${source%.o}.c
		if grep -q "^#include \"$3\"" "$source"; then
			first=
			object=$2/test.o
			# shellcheck disable=SC2046
			$CC -I "$2" $(cat "$out/cflags") -c "$source" -o "$object" || return 1
		fi
		with+=("$object")
	done
	# shellcheck disable=SC2086,SC2046
	$CC $(cat "$out/ldflags") "${with[@]}" ${archives%% *} $first ${archives#* } $externals -o "$2/$1"
}

run() { # program, directory, seconds: its status
	local args=
	[ "$1" = sim_fast ] && args='--seeds 40 --until-violation'
	# shellcheck disable=SC2086
	timeout "$3" "$2/$1" $args > "$2/log" 2>&1 < /dev/null
}

# The test or violation that the log names first; empty: there was none, or only a test's timeout.
finding() {
	grep -v 'Test timeout expired' "$1" |
		grep -m1 -oE ':[FE]:[^:]*:[A-Za-z0-9_]+:|VIOLATION [^:]*|internal check failed.*' |
		sed -E 's/^:[FE]:[^:]*:(.*):$/\1/'
}

# The unchanged source, built and run as a mutant's is; says how long a mutant may take.
unchanged() { # program file
	local dir=$work/unchanged-$1 from=$EPOCHREALTIME
	mkdir -p "$dir/${2%/*}"
	cp "${2%/*}"/*.[ch] "$dir/${2%/*}/"
	if ! { compile "$2" "$dir" && link "$1" "$dir" "$2"; } > "$dir/log" 2>&1 ||
	    ! run "$1" "$dir" 300; then
		echo "$1 fails on unchanged sources: $(finding "$dir/log")"
		tail -n 20 "$dir/log"
		return 1
	fi
	awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d\n", (b - a) * 5 + 30 }' \
		> "$work/limit-$1"
	rm -rf "$dir"
}

passes_unchanged() { # program file
	(
		flock 9
		[ -f "$work/limit-$1" ] || unchanged "$1" "$2"
	) 9> "$work/lock-$1"
}

# Prints one line; status 0: killed.
judge() { # mutant
	local dir=$work/$1 file by ends program rc found slow=
	about "$1"
	if ! { tests/mutants/build.sh "$1" "$dir" && compile "$file" "$dir"; } > "$work/$1.log" 2>&1; then
		printf '%-28s FAILED to build: %s\n' "$1" "$(tail -n 3 "$work/$1.log" | tr '\n' ' ')"
		return 1
	fi
	for program in $( (tr ' ' '\n' <<< "$by"; others "$file") | awk 'NF && !seen[$0]++'); do
		passes_unchanged "$program" "$file" || return 1
		if ! link "$program" "$dir" "$file" > "$work/$1.log" 2>&1; then
			printf '%-28s FAILED to link %s: %s\n' "$1" "$program" \
				"$(tail -n 3 "$work/$1.log" | tr '\n' ' ')"
			return 1
		fi
		run "$program" "$dir" "$(cat "$work/limit-$program")"
		rc=$?
		[ $rc = 0 ] && continue
		found=$(finding "$dir/log")
		if [ -z "$found" ] && { [ $rc = 124 ] || grep -q 'Test timeout expired' "$dir/log"; }; then
			slow=$program
			[ -n "$ends" ] || continue
			found='no end'
		fi
		printf '%-28s killed by %s:%s\n' "$1" "$program" "${found:-exit $rc}"
		rm -rf "$dir"
		return 0
	done
	rm -rf "$dir"
	[ -z "$slow" ] || printf '%-28s ran out of time in %s\n' "$1" "$slow"
	printf '%-28s SURVIVED\n' "$1"
	return 1
}

verdict() { # mutant: what an interrupted run of the same sources found, or a new one
	local kept=$out/verdicts/$key/$1
	if [ -n "$RESUME" ] && grep -q ' killed by ' "$kept" 2>/dev/null; then
		cat "$kept"
		return 0
	fi
	judge "$1" > "$work/$1.verdict"
	cp "$work/$1.verdict" "$kept"
	cat "$work/$1.verdict"
}

chosen() {
	local want
	[ $# -gt 0 ] || set -- $(cd tests/mutants && ls -d */)
	for want in "$@"; do
		want=${want%/}
		if [ -d "tests/mutants/$want" ]; then
			ls "tests/mutants/$want" | sed -n 's/\.sed$//p'
		else
			ls tests/mutants/*/"$want.sed" > /dev/null || return 1
			echo "$want"
		fi
	done
}

mutants=$(chosen "$@") || exit 2
[ -n "$mutants" ] || { echo "$0: there is no such mutant" >&2; exit 2; }
key=$(cat "$out/programs" "$out/cflags" ./*/*.[ch] tests/*/*.[ch] tests/mutants/*.sh \
	tests/mutants/*/*.sed | sha256sum | cut -c1-16)
mkdir -p "$out/verdicts/$key"
find "$out/verdicts" -mindepth 1 -maxdepth 1 ! -name "$key" -exec rm -rf {} +
export -f about others compile link run finding unchanged passes_unchanged judge verdict
export O CC RESUME out work key

# Every program that is named, once, with a file of a mutant that names it.
for name in $mutants; do
	about "$name"
	for program in $by; do echo "$program $file"; done
done | awk '!seen[$1]++' > "$work/programs"
if [ -s "$work/programs" ]; then
	xargs -P "$JOBS" -L 1 bash -c 'passes_unchanged "$@" || exit 1' _ < "$work/programs" || exit 1
fi
echo "$(wc -l < "$work/programs") programs pass on unchanged sources in $((SECONDS - began)) s"

echo "$mutants" | xargs -P "$JOBS" -I{} bash -c 'verdict {}' | tee "$work/report"
all=$(echo "$mutants" | wc -l)
killed=$(grep -c ' killed by ' "$work/report")
echo "$killed passed, $((all - killed)) failed, 0 skipped: mutants in $((SECONDS - began)) s"
[ "$killed" = "$all" ]
