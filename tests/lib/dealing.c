#include "tests/lib/dealing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(enum sr_error error)
{
	if (error == SR_OK)
		return;
	fprintf(stderr, "dealing: %s\n", sr_error_name((unsigned)error));
	abort();
}

void dealing_prove(struct vault_dealt *d, const struct sr_scalar *r, const struct sr_hash32 *label,
    struct sr_drbg *drbg)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_proof proof;
	struct sr_writer out;

	vault_dealt_context(context, label, 0, VAULT_DEALER_OWNER, VAULT_EVERYBODY);
	must(shamir_boxes_prove(&proof, r, context, sizeof context, drbg));
	sr_writer_init(&out, sizeof d->proof);
	shamir_proof_write(&out, &proof);
	must(sr_writer_finish(&out));
	memcpy(d->proof, out.p, sizeof d->proof);
	sr_writer_clear(&out);
}

static void holder_fill(struct vault_holder *h, const struct dealing *dealing,
    const struct sr_hash32 *label, const struct sr_point *key, const struct shamir_pair *pair)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_pair_box box;

	memcpy(h->key, key->b, sizeof h->key);
	vault_dealt_context(context, label, 0, VAULT_DEALER_OWNER, h->seat);
	must(shamir_pair_seal_with(&box, &dealing->r, key, pair, context, sizeof context));
	memcpy(h->box, box.b, sizeof h->box);
}

void dealing_make(struct dealing *out, const struct sr_hash32 *label, uint32_t t,
    const struct sr_point *keys, uint32_t n, uint32_t wrong, struct sr_drbg *drbg)
{
	struct shamir_pair_poly poly;
	struct shamir_commitments c;
	struct shamir_pair pair;

	memset(out, 0, sizeof *out);
	out->d.threshold = t;
	out->d.holders_n = n;
	must(sr_scalar_random(&out->r, drbg));
	must(sr_scalar_random(&out->secret, drbg));
	must(shamir_pedersen_deal(&poly, &c, t, &out->secret, drbg));
	for (uint32_t k = 0; k < t; k++)
		memcpy(out->d.commitments[k], c.a[k].b, 32);
	for (uint32_t i = 0; i < n; i++) {
		out->d.holders[i].seat = i;
		must(shamir_pedersen_eval(&pair, &poly, (struct shamir_index){ i + 1 }));
		if (i == wrong)
			sr_scalar_add(&pair.g, &pair.g, &pair.f);
		holder_fill(&out->d.holders[i], out, label, &keys[i], &pair);
	}
	shamir_pedersen_clear(&poly);
	dealing_prove(&out->d, &out->r, label, drbg);
}
