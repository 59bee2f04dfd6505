#!/bin/bash
# Whole machines are read: the disks and the memory (daemon and enclave) of t-1 nodes must not lead to a planted
# 32-byte marker that was stored as a secret, whatever one tries with what is there; those of t nodes must, which
# shows that the search can find it.
. "$(dirname "$0")/lib.sh"

search=${O:-$root/build/gcc}/tests/secrecy/search
case $search in /*) ;; *) search=$root/$search ;; esac
[ -x "$search" ] || { echo "$search is not built: run make tests"; exit 1; }
must() { "$@" > "$scratch/said" 2>&1 || { echo "FAILED: $*"; cat "$scratch/said"; exit 1; }; }

must new_cluster 4
strongroom key new owner > /dev/null || exit 1
head -c 32 /dev/urandom > "$scratch/marker"
account=$(strongroom key show owner --json | field .account)
secret=$(strongroom secret put marker "$scratch/marker" --policy "account($account)" --key owner --json |
	field .secret_id)
[ ${#secret} -eq 32 ] || { echo "FAILED: storing the marker"; exit 1; }
# A release has gone through every enclave before they are read.
must strongroom secret get "$secret" -o "$scratch/again" --key owner
cmp -s "$scratch/marker" "$scratch/again" || { echo "FAILED: another marker came back"; exit 1; }

pids_of() { # node: its daemon and its enclave
	local pid
	read -r pid _ < "$STRONGROOM_CLUSTER/node-$1/pid"
	echo "$pid" && cat "/proc/$pid/task/$pid/children" | tr ' ' '\n'
}
look() { # all | enclaves, nodes...
	local what=$1 node pid file args=()
	shift
	for node; do
		if [ "$what" = enclaves ]; then
			args+=(--pid "$(pids_of "$node" | tail -n 1)")
			continue
		fi
		for pid in $(pids_of "$node"); do args+=(--pid "$pid"); done
		while IFS= read -r file; do args+=(--file "$file"); done < <(find "$STRONGROOM_CLUSTER/node-$node" -type f)
	done
	"$search" --cluster "$STRONGROOM_CLUSTER" --key owner --secret "$secret" --marker "$scratch/marker" "${args[@]}"
}

if ! head -c 1 "/proc/$(pids_of 0 | tail -n 1)/mem" > /dev/null 2> "$scratch/said" &&
	grep -q 'Permission denied' "$scratch/said"; then
	echo "SKIPPED 2: reading another process's memory needs root"
	exit 77
fi
nodes=$(find "$STRONGROOM_CLUSTER" -maxdepth 1 -name 'node-*' | sed 's/.*node-//' | sort -n)
set -- $nodes
passed=0 failed=0
echo "t-1 nodes: disks and memory of node $1 and $2"
look all "$1" "$2"
rc=$?
[ $rc -eq 1 ] && passed=$((passed + 1)) || { echo "FAILED: t-1 nodes gave it away (exit $rc)"; failed=$((failed + 1)); }
echo "t nodes: the enclaves' memory alone, with node $3 as well"
look enclaves "$1" "$2" "$3"
rc=$?
[ $rc -eq 0 ] && passed=$((passed + 1)) || { echo "FAILED: the search cannot find it (exit $rc)"; failed=$((failed + 1)); }

# --- Known keys, looked for everywhere: each may be found only where it belongs. ---
needles=${search%/*}/needles
[ -x "$needles" ] || { echo "$needles is not built: run make tests"; exit 1; }
ok() { passed=$((passed + 1)); echo "ok: $1"; }
bad() { failed=$((failed + 1)); echo "FAILED: $1"; }

hex_of() { od -An -v -tx1 "$1" | tr -d ' \n'; }
secret_of() { sed -n 's/^secret: //p' "$1"; } # a key file
known=(--needle "marker:$(hex_of "$scratch/marker")" --needle "user:$(secret_of "$STRONGROOM_CLUSTER/keys/owner")")
for node in $nodes; do
	known+=(--needle "sealing-$node:$(hex_of "$STRONGROOM_CLUSTER/node-$node/sealing.key")"
		--needle "operator-$node:$(secret_of "$STRONGROOM_CLUSTER/node-$node/operator.key")")
done

# The search finds what is planted: in arguments, the environment, memory, a file, a core.
planted=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
mkdir "$scratch/cwd" "$scratch/control"
(cd "$scratch/control" && ulimit -c unlimited && PLANTED=$planted exec -a "control-$planted" sleep 600) &
control=$!
until_true 10 grep -q "^Name:.*sleep" "/proc/$control/status" || bad 'the control did not start'
echo "secret: $planted" > "$scratch/control/file"
"$needles" --needle "planted:$planted" --pid "$control" --file "$scratch/control/file" > "$scratch/said"
for place in "/proc/$control/cmdline" "/proc/$control/environ" "unlocked memory of $control" "$scratch/control/file"; do
	grep -qx "planted in $place" "$scratch/said" && ok "planted: found in ${place#"$scratch"}" ||
		bad "a planted key in $place was not found"
done
# Cores: the control writes one.
cores() { find "$scratch/control" "$scratch/cwd" "$STRONGROOM_CLUSTER" "$PWD" -maxdepth 2 \( -name core -o -name 'core.[0-9]*' \) -type f; }
kill -ABRT $control
wait $control 2> /dev/null
case $(cat /proc/sys/kernel/core_pattern) in
\|* | /*) echo "SKIPPED: cores go elsewhere on this machine ($(cat /proc/sys/kernel/core_pattern))" ;;
*)
	core=$(cores | head -n 1)
	if [ -z "$core" ]; then
		echo 'SKIPPED: no process writes a core on this machine'
	else
		"$needles" --needle "planted:$planted" --file "$core" | grep -q '^planted in ' &&
			ok 'planted: found in a core' || bad 'a planted key in a core was not found'
		rm -f "$core"
	fi
	;;
esac

# Again, as talkative as it gets, and allowed to write cores; a secret goes in and out.
must strongroom cluster stop "$STRONGROOM_CLUSTER"
for node in $nodes; do echo 'log_level: debug' >> "$STRONGROOM_CLUSTER/node-$node/strongroomd.yaml"; done
must bash -c 'ulimit -c unlimited; cd "$1" && exec strongroom cluster start "$2"' _ "$scratch/cwd" "$STRONGROOM_CLUSTER"
must strongroom secret get "$secret" -o "$scratch/again" --key owner
must strongroom secret put another "$scratch/marker" --policy "account($account)" --key owner
args=()
for pid in $(node_pids); do args+=(--pid "$pid"); done
while IFS= read -r file; do args+=(--file "$file"); done < <(find "$STRONGROOM_CLUSTER" -type f)
"$needles" "${known[@]}" "${args[@]}" > "$scratch/found" || bad 'the search did not come to its end'

allowed() { # name, place
	local node=${1##*-} enclave
	enclave=$(pids_of "$node" 2> /dev/null | tail -n 1)
	case "$1 in $2" in
	"user in $STRONGROOM_CLUSTER/keys/owner") ;;
	"sealing-$node in $STRONGROOM_CLUSTER/node-$node/sealing.key") ;;
	"operator-$node in $STRONGROOM_CLUSTER/node-$node/operator.key") ;;
	"sealing-$node in memory of $enclave") ;;
	*) return 1 ;;
	esac
}
while read -r name _ place; do
	allowed "$name" "$place" || bad "the key $name lies in $place"
done < "$scratch/found"
[ $failed -gt 0 ] || ok 'no disk, log, process, argument or environment has a key that is not its own'
# The same list shows that the search reached all of it.
for node in $nodes; do
	enclave=$(pids_of "$node" | tail -n 1)
	for want in "sealing-$node in memory of $enclave" "operator-$node in $STRONGROOM_CLUSTER/node-$node/operator.key"; do
		grep -qx "$want" "$scratch/found" || bad "not found: $want"
	done
	grep -q '^VmLck:[[:space:]]*0 kB' "/proc/$enclave/status" && bad "enclave $node has locked nothing"
done
grep -q ' debug ' "$STRONGROOM_CLUSTER"/node-*/log || bad 'nothing was logged at debug'
[ $failed -gt 0 ] || ok 'sealing keys lie in locked memory of their own enclave, which no swap gets'

# Neither process of a node leaves a core, whatever the limit it was started under.
victims=$(pids_of "$1")
for pid in $victims; do
	grep -qE '^Max core file size +0 +0 ' "/proc/$pid/limits" || bad "process $pid may write a core"
	kill -ABRT "$pid" 2> /dev/null
done
# shellcheck disable=SC2086
until_true 20 gone $victims || bad 'a process survived SIGABRT'
[ -z "$(cores)" ] && ok 'no core after SIGABRT' || bad "a core was written: $(cores)"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
