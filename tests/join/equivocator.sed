# An enclave that lies: in every eighth slot it also votes for a block that nobody made. Its machine's TPM can't tell,
# since only what is started is measured (tests/join/demo-join.sh).
/^static enum sr_error cast(/,/^}/s/^	cons_send_vote(self, &v);$/&\
	if (kind == CONSENSUS_NOTAR \&\& slot % 8 == 0) {\
		struct consensus_vote other = v;\
		other.hash.b[0] ^= 1;\
		consensus_vote_sign(\&other, \&self->config.chain_id, self->config.vote_key);\
		cons_send_vote(self, \&other);\
	}/
