# What a cluster costs that nobody uses: a run each node and stretch of time.
. "$(dirname "$0")/../lib.sh"
IDLE_S=${IDLE_S:-5}
new_or_die 4
# The dealing is not what is asked.
dealt() { strongroom status --json 2> /dev/null | jq -e '[.members[].epoch] | length == 4 and all(. != null and . >= 1)' > /dev/null; }
until_true 60 dealt || die 'no vault key'
hertz=$(getconf CLK_TCK) cpu=
for _ in $(seq "$RUNS"); do
	before=() sum=0
	for i in 0 1 2 3; do before[i]=$(cpu_ticks $i); done
	sleep "$IDLE_S"
	for i in 0 1 2 3; do sum=$((sum + $(cpu_ticks $i) - before[i])); done
	cpu="$cpu $(awk "BEGIN { printf \"%.3f\", 100 * $sum / 4 / $hertz / $IDLE_S }")"
done
# shellcheck disable=SC2046,SC2086
{
	figure idle.cpu '% of a core' lower -- $cpu
	figure idle.memory MiB lower -- $(for i in 0 1 2 3; do memory_mib $i && echo; done)
}
