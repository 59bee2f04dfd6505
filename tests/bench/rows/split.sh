# Sharing bytes: 3 of 5 over GF(2^8), 16 MiB, with the coefficients' randomness, on one core; beside it libgfshare, and
# ssss for what is as small as its limit (128 bytes), as whole commands.
. "$(dirname "$0")/../lib.sh"
bench-split "$RUNS" > out || die split
while read -r name values; do
	# shellcheck disable=SC2086
	figure "$name" GB/s higher -- $values
done < out

if [ -x bin/bench-gfshare ]; then
	# shellcheck disable=SC2046
	figure split.libgfshare GB/s higher -- $(bench-gfshare "$RUNS" | cut -d" " -f2-)
else
	missing libgfshare libgfshare-dev
fi

head -c 64 /dev/urandom | od -An -tx1 | tr -d ' \n' > secret
split_ours() { rm -rf shares.* && strongroom split secret --shares 5 --threshold 3 --output shares; }
split_ssss() { ssss-split -t 3 -n 5 -q < secret; }
if command -v ssss-split > /dev/null; then
	timed_often "$RUNS" split_ssss
	# shellcheck disable=SC2086
	figure split.command.ssss ms lower -- $took
else
	missing ssss ssss
fi
timed_often "$RUNS" split_ours
# shellcheck disable=SC2086
figure split.command.strongroom ms lower -- $took
