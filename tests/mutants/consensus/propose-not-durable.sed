# file: consensus/propose.c
# A proposal is sent before it is durable.
# killed by: test_consensus_rules
s/^	error = cons_log_proposed(self, h, &block->sig);$/	error = SR_OK; proposal_send(self, block, parent); error = cons_log_proposed(self, h, \&block->sig);/
/^		self->proposed_ms = self->now_ms;$/,+1{/proposal_send/d
}
