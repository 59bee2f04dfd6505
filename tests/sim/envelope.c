#include "tests/sim/envelope.h"

#include "consensus/internal.h"
#include "enclave/internal.h"

bool sim_envelope_consensus(
    uint8_t *kind, uint64_t *epoch, struct sr_bytes *rest, const uint8_t *msg, size_t n)
{
	struct sr_reader r;
	sr_reader_init(&r, msg, n);
	if (sr_read_u8(&r) != CORE_CONSENSUS)
		return false;
	*epoch = sr_read_u64(&r);
	sr_read_u8(&r);         /* the message's version */
	*kind = sr_read_u8(&r);
	sr_read_u64(&r);        /* the epoch again */
	*rest = (struct sr_bytes){ r.p, r.left };
	return r.error == SR_OK;
}

size_t sim_envelope_votes(struct consensus_vote votes[SIM_VOTES_MAX], const uint8_t *msg, size_t n)
{
	uint8_t kind;
	uint64_t epoch;
	struct sr_bytes rest;
	struct sr_reader r;
	size_t count = 0;
	if (!sim_envelope_consensus(&kind, &epoch, &rest, msg, n) || kind != CONS_VOTES)
		return 0;
	sr_reader_init(&r, rest.p, rest.n);
	for (uint32_t left = sr_read_u16(&r); left > 0 && count < SIM_VOTES_MAX; left--) {
		consensus_vote_read(&votes[count], &r);
		if (r.error != SR_OK)
			break;
		count++;
	}
	return count;
}
