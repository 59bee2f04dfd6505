/* tests/fuzz/fuzz_op.c - operations as clients send them: whole ones, their bodies, and the check
 * of a signed one. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/samples.h"

static struct vault_world *world;

static void whole(const uint8_t *p, size_t n)
{
	struct vault_op op;
	struct sr_writer w;
	if (vault_op_decode(&op, p, n) != SR_OK)
		return;
	sr_writer_init(&w, SR_OP_MAX);
	vault_op_write_signed_raw(&w, &op.chain_id, op.epoch, &op.account, op.nonce, op.expiry_ms,
	    op.kind, op.body);
	vault_op_write_signature(&w, op.signature, op.signature_n);
	fuzz_same(&w, p, n);
	/* Nobody has signed it. */
	FUZZ_CHECK(vault_op_check(&op, &world->block, p, n) != SR_OK ||
	    op.account.kind == VAULT_ACCOUNT_ED25519);
}

static void body(enum vault_op_kind kind, const uint8_t *p, size_t n)
{
	union vault_op_body b;
	struct sr_writer w;
	if (vault_op_body_decode(&b, kind, (struct sr_bytes){ p, n }) != SR_OK)
		return;
	sr_writer_init(&w, n);
	vault_op_body_write(&w, kind, &b);
	fuzz_same(&w, p, n);
}

/* input = kind u8 | nonce u8 | expiry u16 | epoch u8 | body: signed as it stands, then checked */
static void check(struct sr_reader *r)
{
	enum vault_op_kind kind = (enum vault_op_kind)sr_read_u8(r);
	uint64_t nonce = sr_read_u8(r);
	uint64_t expiry_ms = world->block.time_ms + sr_read_u16(r) * 100ull - 1000;
	uint64_t epoch = world->block.epoch + (sr_read_u8(r) == 7);
	struct vault_op op;
	struct sr_writer w;
	struct sr_sig64 sig;
	size_t n;
	uint8_t *p = fuzz_take(r, &n, SR_OP_MAX);
	sr_writer_init(&w, 2 * SR_OP_MAX);
	vault_op_write_signed_raw(&w, &world->block.chain_id, epoch, &world->who[ALICE], nonce,
	    expiry_ms, kind, (struct sr_bytes){ p, n });
	if (w.error == SR_OK) {
		sr_sign(&sig, &world->sk[ALICE], "strongroom op v1", w.p, w.n);
		vault_op_write_signature(&w, sig.b, sizeof(sig.b));
		enum sr_error e = vault_op_check(&op, &world->block, w.p, w.n);
		union vault_op_body b;
		FUZZ_CHECK(e != SR_OK ||
		    vault_op_body_decode(&b, kind, (struct sr_bytes){ p, n }) == SR_OK);
	}
	sr_writer_clear(&w);
	free(p);
}

void fuzz_op(const uint8_t *p, size_t n)
{
	struct sr_reader r;
	if (!world)
		world = world_new();
	sr_reader_init(&r, p, n);
	unsigned choice = sr_read_u8(&r) % (2 + SAMPLE_KINDS_N);
	if (choice == 0)
		whole(r.p, r.left);
	else if (choice == 1)
		check(&r);
	else
		body(sample_kinds[choice - 2], r.p, r.left);
}

static void seed_kind(uint8_t i)
{
	union vault_op_body b;
	struct sr_writer w;
	struct vault_world *v = world_new();
	sample_body(&b, sample_kinds[i]);
	sr_writer_init(&w, SR_OP_MAX);
	vault_op_body_write(&w, sample_kinds[i], &b);
	fuzz_seed_of((uint8_t)(2 + i), vault_op_kind_name(sample_kinds[i]), &w);
	sr_writer_init(&w, SR_OP_MAX);
	sr_write_u8(&w, (uint8_t)sample_kinds[i]);
	sr_write_u8(&w, 1);
	sr_write_u16(&w, 600);
	sr_write_u8(&w, 0);
	vault_op_body_write(&w, sample_kinds[i], &b);
	fuzz_seed_of(1, vault_op_kind_name(sample_kinds[i]), &w);
	world_sign(v, ALICE, sample_kinds[i], &b);
	sr_writer_init(&w, SR_OP_MAX);
	sr_write_copy(&w, v->bytes, v->bytes_n);
	fuzz_seed_of(0, vault_op_kind_name(sample_kinds[i]), &w);
	world_free(v);
}

/* Accounts of wallets sign with 65 bytes. */
static void seed_wallet(uint8_t v)
{
	struct vault_account wallet = { .kind = VAULT_ACCOUNT_ETHEREUM, .b = { 9 } };
	struct vault_world *s = world_new();
	union vault_op_body b;
	uint8_t signature[65] = { 1 };
	struct sr_writer w;
	signature[64] = v;
	sample_body(&b, VAULT_OP_NFT_BURN);
	sr_writer_init(&w, SR_OP_MAX);
	vault_op_write_signed(&w, &s->block.chain_id, s->block.epoch, &wallet, 0,
	    s->block.time_ms + 60000, VAULT_OP_NFT_BURN, &b);
	vault_op_write_signature(&w, signature, sizeof(signature));
	fuzz_seed_of(0, "wallet", &w);
	world_free(s);
}

void seed_op(void)
{
	for (uint8_t i = 0; i < SAMPLE_KINDS_N; i++)
		seed_kind(i);
	seed_wallet(27);
	seed_wallet(0);
}
