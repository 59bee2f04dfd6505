#!/bin/bash
# Where the processor's time goes while four nodes are under load, on the stacks that perf takes: per finalised operation
# (or opened secret), by process and library, and by function of the enclave with all it calls.
#   tests/bench/profile.sh [throughput|release]      BIN LOAD CLIENTS SECONDS_EACH
PROGRAMS=${PROGRAMS:-build/gcc/tests/bench}
. "$(dirname "$0")/lib.sh"
what=${1:-throughput}
command -v perf > /dev/null || die 'perf is not here (package linux-perf)'
new_or_die 4
case $what in
throughput) load=(mint "$c" "${CLIENTS:-256}" 0 1 $((SECONDS_EACH + 4))) name='finalised operation' done_of=operations_final ;;
release) load=(release "$c" "$scratch/log" "${CLIENTS:-32}" $((SECONDS_EACH + 4))) name='opened secret' done_of=releases ;;
*) die "throughput or release, not $what" ;;
esac
load "${load[@]}" > line 2> load.err &
pid=$!
under_way() { strongroom status --json 2> /dev/null | jq -e ".$done_of >= 200" > /dev/null; }
until_true 30 under_way || die "load ${load[*]} does not get under way: $(tail -n 2 load.err)"
perf record -a --call-graph dwarf,16384 -o perf.data -F 199 sleep "$SECONDS_EACH" > perf.log 2>&1 || die "perf: $(tail -n 1 perf.log)"
wait "$pid" || die "load ${load[*]}: $(tail -n 2 load.err)"
perf script -i perf.data -F comm,ip,sym,dso --no-inline 2> /dev/null |
	"$bench/profile.pl" "$(nproc)" "$(jq -r .per_s line)" "$name"
