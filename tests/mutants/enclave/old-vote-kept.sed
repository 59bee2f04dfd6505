# file: enclave/epoch_switch.c
# The vote key of the epoch before is not wiped.
# killed by: test_enclave_disk
/^static void instance_wipe/,/^}/s/^	sr_edsk_wipe(i->vote);$//
