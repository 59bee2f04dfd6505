# file: enclave/epoch_ops.c
# Who dealt badly stays a member for good.
# killed by: test_enclave_roster_change
s/m.flags |= ROSTER_FAULTY;/(void)m;/
