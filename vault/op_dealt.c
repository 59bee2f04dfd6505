#include "vault/op_dealt.h"

#include <string.h>

static void holder_write(struct sr_writer *w, const struct vault_holder *h)
{
	sr_write_u32(w, h->seat);
	sr_write_bool(w, h->bad);
	sr_write_copy(w, h->key, sizeof h->key);
	sr_write_copy(w, h->box, sizeof h->box);
}

static void holder_read(struct vault_holder *h, struct sr_reader *r)
{
	h->seat = sr_read_u32(r);
	h->bad = sr_read_bool(r);
	sr_read_copy(r, h->key, sizeof h->key);
	sr_read_copy(r, h->box, sizeof h->box);
	if (r->error == SR_OK && h->seat >= SR_MEMBERS_MAX)
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
}

void vault_dealt_write(struct sr_writer *w, const struct vault_dealt *d)
{
	if (d->holders_n > VAULT_HOLDERS_MAX || d->threshold > d->holders_n) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u64(w, d->generation);
	sr_write_u32(w, d->threshold);
	sr_write_u32(w, d->holders_n);
	for (uint32_t i = 0; i < d->holders_n; i++)
		holder_write(w, &d->holders[i]);
	for (uint32_t k = 0; k < d->threshold; k++)
		sr_write_copy(w, d->commitments[k], sizeof d->commitments[k]);
	if (d->generation == 0)
		sr_write_copy(w, d->proof, sizeof d->proof);
}

static void counts_read(struct vault_dealt *d, struct sr_reader *r)
{
	d->threshold = sr_read_u32(r);
	d->holders_n = sr_read_u32(r);
	if (r->error != SR_OK)
		return;
	if (d->holders_n > VAULT_HOLDERS_MAX)
		sr_reader_fail(r, SR_ERR_TOO_MANY);
	else if (d->threshold < VAULT_HOLDERS_MIN_T || d->threshold > d->holders_n)
		sr_reader_fail(r, SR_ERR_THRESHOLD);
}

void vault_dealt_read(struct vault_dealt *d, struct sr_reader *r)
{
	memset(d, 0, sizeof *d);
	d->generation = sr_read_u64(r);
	counts_read(d, r);
	for (uint32_t i = 0; r->error == SR_OK && i < d->holders_n; i++) {
		holder_read(&d->holders[i], r);
		if (r->error == SR_OK && i > 0 && d->holders[i].seat <= d->holders[i - 1].seat)
			sr_reader_fail(r, SR_ERR_DUPLICATE);
	}
	for (uint32_t k = 0; r->error == SR_OK && k < d->threshold; k++)
		sr_read_copy(r, d->commitments[k], sizeof d->commitments[k]);
	if (r->error == SR_OK && d->generation == 0)
		sr_read_copy(r, d->proof, sizeof d->proof);
	if (r->error != SR_OK)
		memset(d, 0, sizeof *d);
}

enum sr_error vault_dealt_decode(struct vault_dealt *d, struct sr_bytes bytes)
{
	struct sr_reader r;

	sr_reader_init(&r, bytes.p, bytes.n);
	vault_dealt_read(d, &r);
	return sr_reader_finish(&r);
}

uint32_t vault_dealt_holder(const struct vault_dealt *d, uint32_t seat)
{
	for (uint32_t i = 0; i < d->holders_n; i++)
		if (d->holders[i].seat == seat)
			return i;
	return VAULT_HOLDERS_MAX;
}

uint32_t vault_dealt_good(const struct vault_dealt *d)
{
	uint32_t good = 0;

	for (uint32_t i = 0; i < d->holders_n; i++)
		good += d->holders[i].bad ? 0 : 1;
	return good;
}

static void put_le(uint8_t *out, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

void vault_dealt_context(uint8_t out[VAULT_DEALT_CONTEXT], const struct sr_hash32 *label,
    uint64_t generation, uint32_t dealer, uint32_t receiver)
{
	memcpy(out, label->b, 32);
	put_le(out + 32, generation, 8);
	put_le(out + 40, dealer, 4);
	put_le(out + 44, receiver, 4);
}
