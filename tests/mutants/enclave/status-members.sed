# file: enclave/host_wire.c
# A status may list the 101st member.
# killed by: test_enclave_host_wire
/^void enclave_status_read/,/^}/s/if (s->members_n > SR_MEMBERS_MAX)/if (s->members_n > SR_MEMBERS_MAX + 1)/
