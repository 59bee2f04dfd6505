# What no design on this machine can pass: the product's own signature checks on one core, copying memory, and syncing
# what a log of an operation's size appends.
. "$(dirname "$0")/../lib.sh"
mkdir limits.dir
bench-limits limits.dir "$RUNS" > out || die limits
while read -r name unit values; do
	# shellcheck disable=SC2086
	figure "limits.$name" "$unit" higher -- $values
done < out
