# Software TPMs, each of its own maker, on loopback ports. Source it after lib.sh.

swtpm_installed() { command -v swtpm swtpm_setup swtpm_localca > /dev/null; }

# swtpm_make DIR: a TPM with an endorsement certificate. DIR/root.pem is its maker's root, DIR/collateral/ek-chain.pem
# what stands above the certificate.
swtpm_make() {
	local d
	mkdir -p "$1/state" "$1/collateral" && d=$(cd "$1" && pwd) || return 1
	cat > "$d/setup.conf" <<- END
		create_certs_tool = $(command -v swtpm_localca)
		create_certs_tool_config = $d/ca.conf
		create_certs_tool_options = $d/ca.options
		active_pcr_banks = sha256
	END
	printf '%s\n' "statedir = $d/ca" "signingkey = $d/ca/signkey.pem" "issuercert = $d/ca/issuercert.pem" \
		"certserial = $d/ca/certserial" > "$d/ca.conf"
	printf '%s\n' '--platform-manufacturer Strongroom' '--platform-version 1' '--platform-model test' > "$d/ca.options"
	swtpm_setup --tpm2 --tpm-state "$d/state" --create-ek-cert --config "$d/setup.conf" > "$d/log" 2>&1 || return 1
	cp "$d/ca/swtpm-localca-rootca-cert.pem" "$d/root.pem"
	cat "$d/ca/issuercert.pem" "$d/root.pem" > "$d/collateral/ek-chain.pem"
}

# swtpm_on DIR: power. Sets $tcti; DIR/pid holds its process.
swtpm_on() {
	local port try
	for try in 1 2 3 4 5 6 7 8; do
		port=$((20000 + RANDOM % 40000))
		swtpm socket --tpm2 --tpmstate "dir=$1/state" --server "type=tcp,port=$port,bindaddr=127.0.0.1" \
			--ctrl "type=tcp,port=$((port + 1)),bindaddr=127.0.0.1" --flags not-need-init,startup-clear \
			>> "$1/log" 2>&1 &
		echo $! > "$1/pid"
		# It ends at once when a port is taken.
		until_true 5 swtpm_up "$1" "$port" && { tcti="swtpm:host=127.0.0.1,port=$port"; return 0; }
	done
	return 1
}
swtpm_up() { # DIR PORT: both channels take connections
	kill -0 "$(cat "$1/pid")" 2> /dev/null && (: < "/dev/tcp/127.0.0.1/$2" && : < "/dev/tcp/127.0.0.1/$(($2 + 1))") 2> /dev/null
}

swtpm_off() {
	kill "$(cat "$1/pid")" 2> /dev/null
	wait "$(cat "$1/pid")" 2> /dev/null
	rm -f "$1/pid"
}
