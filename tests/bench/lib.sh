# Shared by the rows: what tests/integration/lib.sh has (a scratch directory, clusters, an end that leaves nothing), and
# how a figure is written down. A row is a script in rows/; bench.sh runs it with FIGURES, OUT, RUNS, LARGE set.
#
# A figure: one JSON line { name, unit, better, at: {...}, runs: [...] }; runs are values of separate measurements,
# never their mean. report.pl makes medians and spreads of them.

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$bench/../integration/lib.sh"
PROGRAMS=${PROGRAMS:-$root/build/gcc/tests/bench}
LOAD=${LOAD:-$root/build/gcc/tests/load/load}
case $PROGRAMS in /*) ;; *) PROGRAMS=$root/$PROGRAMS ;; esac
case $LOAD in /*) ;; *) LOAD=$root/$LOAD ;; esac
cp "$LOAD" "$scratch/bin/load" && cp "$PROGRAMS"/* "$scratch/bin/" || exit 1
FIGURES=${FIGURES:-/dev/stdout}
case $FIGURES in /*) ;; *) FIGURES=$PWD/$FIGURES ;; esac
RUNS=${RUNS:-5}                    # of everything that has a spread
SECONDS_EACH=${SECONDS_EACH:-4}    # measured, of each run
WARM=${WARM:-2}                    # before that: connections, caches, the pace of the slots
LARGE=${LARGE:-}
ulimit -Sn "$(ulimit -Hn)"         # a file each connection
c=$STRONGROOM_CLUSTER
cd "$scratch" || exit 1

say() { printf '   %s\n' "$*" >&2; }
die() {
	echo "FAIL: $*" >&2
	exit 1
}

# figure NAME UNIT higher|lower [KEY=NUMBER-OR-TEXT...] -- VALUE...
figure() {
	local name=$1 unit=$2 better=$3 at=()
	shift 3
	while [ "$1" != -- ]; do
		at+=("$1")
		shift
	done
	shift
	[ $# -gt 0 ] || die "$name has no value"
	jq -cn --arg name "$name" --arg unit "$unit" --arg better "$better" --arg at "$(IFS=$'\n'; echo "${at[*]}")" --args '
		{ name: $name, unit: $unit, better: $better,
		  at: ([$at | split("\n")[] | select(. != "") | split("=") | { key: .[0], value: (.[1] | tonumber? // .) }] | from_entries),
		  runs: [$ARGS.positional[] | tonumber] }' "$@" >> "$FIGURES" || die "$name: not a number among: $*"
	say "$(printf '%-30s' "$name ${at[*]}")  $*  $unit"
}

# A peer that is not installed: no figure, and the report says so loudly. missing WHAT PACKAGE
missing() {
	jq -cn --arg what "$1" --arg package "$2" '{ missing: $what, package: $package }' >> "$FIGURES"
	say "*** NOT MEASURED: $1: the package $2 is not installed (make deps-bench)"
}

# Anything else that a reader must know. note TEXT
note() {
	jq -cn --arg note "$1" '{ note: $note }' >> "$FIGURES"
	say "*** $1"
}

# measured KEY JSON-FILE: the field of each line
measured() { jq -r ".$1" < "$2" | tr '\n' ' '; }

# Each run of a load is a process of its own; its line goes to FILE. More than one request in a thousand that failed, or
# any receipt that was wrong, and there is no figure. loaded FILE MODE ARGS...
loaded() {
	local file=$1
	shift
	load "$@" > line 2> load.err || { tail -n 3 load.err >&2; die "load $*"; }
	jq -e '(.wrong // 0) == 0 and .good > 0 and .bad * 1000 <= .good' line > /dev/null ||
		die "load $1: $(cat line load.err)"
	cat line >> "$file"
}

# What all nodes hold in memory, or have used of a processor: of daemon and enclave together.
node_of() { # I: the pids of its daemon and enclave
	local pid
	read -r pid _ < "$c/node-$1/pid" && echo "$pid $(cat "/proc/$pid/task/$pid/children")"
}
memory_mib() { # I
	local pid sum=0
	for pid in $(node_of "$1"); do
		sum=$((sum + $(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")))
	done
	awk "BEGIN { printf \"%.1f\", $sum / 1024 }"
}
cpu_ticks() { # I
	local pid sum=0
	for pid in $(node_of "$1"); do
		sum=$((sum + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$pid/stat")))
	done
	echo "$sum"
}
now_us() { echo $(($(date +%s%N) / 1000)); }
# timed COMMAND...: sets took (ms); dies when it fails. timed_often N COMMAND...: sets took to those of so many runs.
timed() {
	local from
	from=$(now_us)
	"$@" > took.out 2>&1 < /dev/null || { tail -n 5 took.out >&2; die "$*"; }
	took=$(awk "BEGIN { printf \"%.2f\", ($(now_us) - $from) / 1000 }")
}
timed_often() {
	local n=$1 list=
	shift
	for _ in $(seq "$n"); do timed "$@" && list="$list $took"; done
	took=$list
}
seconds() { awk "BEGIN { printf \"%.3f\", $1 / 1000 }"; } # MS
new_or_die() { new_cluster "$@" || die "a cluster of $1"; }
drop_cluster() {
	strongroom cluster stop "$c" > /dev/null 2>&1 || die 'stopping the cluster'
	rm -rf "$c"
}
