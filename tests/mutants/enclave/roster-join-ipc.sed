# file: enclave/roster_ops.c
# A joiner has members' hosts connect to a file of theirs.
# killed by: test_enclave_roster
s|if (strncmp(c.entry.link, "tcp://", 6) != 0)|if (false)|
