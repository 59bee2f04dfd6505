# file: enclave/epoch_ops.c
# An ACK need not prove the share.
# killed by: test_enclave_epoch
s/SR_TRY(ack_verify(\*t, ctx, change, member, &set, &proof));//
