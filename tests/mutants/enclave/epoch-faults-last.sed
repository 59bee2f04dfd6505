# file: enclave/epoch_plan.c
# Who wants to leave goes before who lied.
# killed by: test_enclave_roster
s/{ ROSTER_FAULTY, ROSTER_LAPSED, ROSTER_SILENT, ROSTER_LEAVES }/{ ROSTER_LEAVES, ROSTER_LAPSED, ROSTER_SILENT, ROSTER_FAULTY }/
