# file: consensus/recover.c
# An answer to an earlier boot counts.
# killed by: test_consensus_recover
s/if (!sr_hash32_equal(&st.boot_id, &self->boot_id))/if (false)/
s/if (!st.recovering && sr_hash32_equal(&st.boot_id, &self->boot_id))/if (!st.recovering)/
