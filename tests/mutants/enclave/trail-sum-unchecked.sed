# file: enclave/checkpoint.c
# A store that lost a step of the trail, or has another, is taken.
# killed by: test_enclave_trail_store
s/return steps == self->trail.n && sr_hash32_equal(&sum, &self->trail.sum) ? SR_OK :/return true ? SR_OK :/
