# Opening secrets of 1 KiB: request to plaintext for one person on an idle cluster, and how many a second for many. All
# that a client does is counted: signing, following the answers, verifying the shares, decrypting.
. "$(dirname "$0")/../lib.sh"
WORKERS=${WORKERS:-32}
ONE_S=${ONE_S:-$([ -z "$LARGE" ] && echo 6 || echo 30)}
new_or_die 4
for _ in $(seq "$RUNS"); do loaded one release "$c" "$scratch/log" 1 "$ONE_S"; done
for _ in $(seq "$RUNS"); do loaded many release "$c" "$scratch/log" "$WORKERS" "$SECONDS_EACH"; done
# shellcheck disable=SC2046
{
	figure release.p50 ms lower -- $(measured p50_ms one)
	figure release.p99 ms lower -- $(measured p99_ms one)
	figure release.many /s higher workers="$WORKERS" -- $(measured per_s many)
	figure release.many.p50 ms lower workers="$WORKERS" -- $(measured p50_ms many)
}
