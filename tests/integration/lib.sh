# Shared by the scripts here: a scratch directory, a cluster in it, and an end that leaves nothing.
# Source it first; it needs BIN or finds the programs by itself.

set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BIN=${BIN:-$root/build/gcc/bin}
case $BIN in /*) ;; *) BIN=$root/$BIN ;; esac
[ -x "$BIN/strongroom" ] && [ -x "$BIN/strongroomd" ] && [ -x "$BIN/strongroom-enclave" ] || {
	echo "the programs are not built: run make"
	exit 1
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/strongroom-test-XXXXXX") || exit 1
export TMPDIR=$scratch/tmp STRONGROOM_CLUSTER=$scratch/cluster XDG_CONFIG_HOME=$scratch/config
mkdir "$TMPDIR" "$scratch/bin"
# Copies: a build meanwhile would change the enclave's measurement under the feet of a running cluster.
cp "$BIN/strongroom" "$BIN/strongroomd" "$BIN/strongroom-enclave" "$scratch/bin/" || exit 1
export PATH="$scratch/bin:$PATH"

# Every process of our nodes: the daemons by their pid files, the enclaves as their children.
node_pids() {
	local file pid started
	for file in "$STRONGROOM_CLUSTER"/node-*/pid; do
		[ -f "$file" ] || continue
		read -r pid started < "$file"
		[ "$(awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$pid/stat" 2> /dev/null)" = "$started" ] &&
			echo "$pid" && cat "/proc/$pid/task/$pid/children" 2> /dev/null | tr ' ' '\n'
	done | grep -E '^[0-9]+$' || true
}

gone() { # pids...: true when none of them runs
	local pid state
	for pid; do
		state=$(awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$pid/stat" 2> /dev/null) || continue
		[ -z "$state" ] || [ "$state" = Z ] || return 1
	done
}

# until SECONDS COMMAND...: polls
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

clean_up() {
	local rc=$? pids
	trap - EXIT INT TERM HUP
	pids=$(node_pids)
	[ -d "$STRONGROOM_CLUSTER" ] && strongroom cluster stop "$STRONGROOM_CLUSTER" --kill > /dev/null 2>&1
	# An enclave ends when its daemon does.
	# shellcheck disable=SC2086
	if ! until_true 10 gone $pids; then
		echo "processes were left behind: $pids"
		kill -9 $pids 2> /dev/null
		rc=1
	fi
	rm -rf "$scratch"
	exit "$rc"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP

field() { jq -r "$1"; }

# --- counting what holds; $scratch/out and err are those of the last command ---
passed=0 failed=0 also=     # also: another file that tells why
ok() { passed=$((passed + 1)); }
no() {
	failed=$((failed + 1))
	echo "FAIL: $1"
	for file in "$scratch/err" $also; do
		[ -s "$file" ] && tail -n 8 "$file" | cut -c1-400 | sed 's/^/   | /'
	done
}
# must WHAT COMMAND...
must() {
	local what=$1
	shift
	"$@" > "$scratch/out" 2> "$scratch/err" < /dev/null && ok || no "$what"
}
# rc CODE NAME WHAT COMMAND...: this exit code, and with --json this error name ('' for none)
rc() {
	local want=$1 name=$2 what=$3 got found
	shift 3
	strongroom "$@" --json > "$scratch/out" 2> "$scratch/err" < /dev/null
	got=$?
	found=$(jq -r '.error.name // ""' < "$scratch/out" 2> /dev/null) || found='not one JSON object'
	if [ $got -ne "$want" ] || [ "$found" != "$name" ]; then
		no "$what: exit $got, error '$found'; expected $want, '$name'"
	elif [ "$want" -ne 0 ] && [ "$(jq '.error | has("code") and has("message")' < "$scratch/out")" != true ]; then
		no "$what: the error has no code or message"
	else
		ok
	fi
}
# has FILTER WHAT: the last object satisfies it
has() {
	if [ "$(jq "$1" < "$scratch/out" 2> /dev/null)" = true ]; then ok; else no "$2: $1 on $(head -c 300 "$scratch/out")"; fi
}
report() {
	echo "$passed passed, $failed failed, 0 skipped"
	[ $failed -eq 0 ]
}

# A base port whose 2n ports are free now; several tries are made by who uses it.
random_port() { echo $((20000 + (RANDOM * 32768 + RANDOM) % 10000)); }

# new_cluster NODES [options]: init and start, on ports of its own
new_cluster() {
	local nodes=$1 try
	shift
	for try in 1 2 3 4 5 6 7 8; do
		strongroom cluster init "$STRONGROOM_CLUSTER" --nodes "$nodes" \
			--base-port "$(random_port)" "$@" > "$scratch/init.out" 2>&1 && break
		grep -q in_use "$scratch/init.out" && [ "$try" -lt 8 ] || { cat "$scratch/init.out"; return 1; }
	done
	strongroom cluster start "$STRONGROOM_CLUSTER" > "$scratch/start.out" 2>&1 || {
		cat "$scratch/start.out"
		return 1
	}
}
