#!/bin/bash
# No product holds a fake; sim_fast, which must, shows that the search finds one.
set -u
cd "$(dirname "$0")/../.."
O=${O:-build/gcc}
passed=0 failed=0

fakes() { nm "$1" | awk '$3 ~ /^fake_/ { print $3 }'; }
result() { # what, whether it is so (0)
	if [ "$2" -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAIL $1"
	fi
}

for program in "$O"/bin/strongroomd "$O"/bin/strongroom-enclave "$O"/bin/strongroom "$O"/tests/sim; do
	[ -x "$program" ] && held=$(fakes "$program") && [ -z "$held" ]
	result "$program holds a fake, or is not there: ${held-}" $?
done
fakes "$O/tests/sim_fast" | grep -qx fake_crypto_linked
result "the search does not find the fakes in sim_fast" $?
# The other way round: nothing real is left in the fast one.
! ldd "$O/tests/sim_fast" | grep -qE 'libsodium|libgcrypt'
result "sim_fast holds real cryptography, too" $?
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
