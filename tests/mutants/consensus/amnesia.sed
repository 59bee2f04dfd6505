# file: consensus/consensus.c
# No handshake after a restart: a rolled-back disk is believed.
# killed by: test_consensus_recover
s@if (!cons_is_observer(self) && (!self->config\.first_boot || self->rolled_back))@if (!cons_is_observer(self) && self->rolled_back)@
