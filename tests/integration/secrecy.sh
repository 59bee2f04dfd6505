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
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
