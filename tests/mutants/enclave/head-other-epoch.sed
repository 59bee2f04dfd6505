# file: enclave/peers.c
# A head of another epoch counts.
# killed by: test_enclave_peers
s/if (sr_reader_finish(r) != SR_OK || epoch != self->now->record.epoch || !self->round.open ||/if (sr_reader_finish(r) != SR_OK || !self->round.open ||/
s/^	uint64_t epoch = sr_read_u64(r), height;$/	uint64_t epoch = sr_read_u64(r), height; (void)epoch;/
