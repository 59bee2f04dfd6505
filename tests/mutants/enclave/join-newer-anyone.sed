# file: enclave/core.c
# An unlisted program is taken of whom the trail does not name.
# killed by: test_enclave_join
s/epoch_record_id(record, &self->peers\[seat\].id) != EPOCH_NOBODY/true/
s/seat < SR_MEMBERS_MAX && self->peers\[seat\].used &&/seat < SR_MEMBERS_MAX \&\&/
