# file: consensus.c
# No handshake after a restart: a rolled-back disk is believed.
s/if (!self->config\.first_boot || self->rolled_back)/if (self->rolled_back)/
