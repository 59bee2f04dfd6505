# file: consensus/consensus.c
# No handshake after a restart: a rolled-back disk is believed.
# killed by: test_consensus_recover
s/(!self->config\.first_boot || self->rolled_back))/self->rolled_back)/
