#!/bin/bash
# The n-th call fails: every program of this folder, each planted fault first.
#   run.sh DIRECTORY CORE-OPTIONS...
set -u
dir=$1
shift
passed=0 failed=0 skipped=0

# The disk is no part of it, only what its calls return: where there is memory for files, they go there.
[ -w /dev/shm ] && export TMPDIR=/dev/shm

count() { # log: its closing line
	local p f s
	read -r p f s < <(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$1" | tail -n 1)
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-1})) skipped=$((skipped + ${s:-0}))
}
planted() { # program, options...: must report failures
	if "$@" > "$log" 2>&1 || ! grep -q '^FAILED: ' "$log"; then
		echo "FAILED: nothing was reported: $*"
		failed=$((failed + 1))
	else
		echo "planted: $* is reported"
		passed=$((passed + 1))
	fi
}

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
for fault in vote freed error block; do planted "$dir/core" --tries 3 --planted $fault; done
planted "$dir/disk" --only log:eio:3 --planted lost
planted "$dir/disk" --only file:eio:9 --planted torn
planted "$dir/pieces" --planted
planted env INJECT_PLANTED=1 INJECT_TRIES=2 "$dir/evidence"
for program in "core $*" disk pieces evidence; do
	# shellcheck disable=SC2086
	"$dir"/$program > "$log" 2>&1 || [ $? -eq 1 ] || echo "FAILED: $program"
	cat "$log"
	count "$log"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
