# file: consensus/absent.c
# Who missed its slots is not waited for though no operation waits.
# killed by: test_consensus_absent
s/!has_a_chance(self->missed\[author\]) \&\&/!has_a_chance(self->missed[author]);/;/self->ports.has_work(self->ports.ctx);/d
