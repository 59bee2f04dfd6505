#include "vault/op.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "tests/lib/check_main.h"
#include "tests/lib/sweep.h"
#include "vault/policy.h"

#define BYTES(text) ((struct sr_bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

static const enum vault_op_kind kinds[] = { VAULT_OP_COLLECTION_CREATE, VAULT_OP_NFT_MINT,
	VAULT_OP_NFT_TRANSFER, VAULT_OP_NFT_APPROVE, VAULT_OP_NFT_BURN, VAULT_OP_SECRET_PUT,
	VAULT_OP_SECRET_UPDATE, VAULT_OP_SECRET_RESTORE, VAULT_OP_SECRET_POLICY,
	VAULT_OP_SECRET_DELETE, VAULT_OP_RETRIEVE, VAULT_OP_TICKET_CLOSE, VAULT_OP_SWITCH_CREATE,
	VAULT_OP_SWITCH_HEARTBEAT, VAULT_OP_SWITCH_PAUSE, VAULT_OP_SWITCH_VETO,
	VAULT_OP_SWITCH_CONFIRM, VAULT_OP_SWITCH_DURESS, VAULT_OP_SWITCH_CANCEL,
	VAULT_OP_SWITCH_DELEGATE, VAULT_OP_ATTEST_SUBMIT };
#define KINDS_N (sizeof kinds / sizeof kinds[0])

/* holder(12) or after(...) in canonical bytes. */
static const uint8_t policy[] = { 1, VAULT_POLICY_ANY, 2, VAULT_POLICY_HOLDER, 12, 0, 0, 0, 0, 0, 0,
	0, VAULT_POLICY_AFTER, 0, 0x10, 0, 0, 0, 0, 0, 0 };
static const struct sr_bytes policy_bytes = { policy, sizeof policy };

static struct vault_account ed(uint8_t seed)
{
	struct vault_account a = { .kind = VAULT_ACCOUNT_ED25519 };

	memset(a.b, seed, 32);
	return a;
}

static struct vault_account eth(uint8_t seed)
{
	struct vault_account a = { .kind = VAULT_ACCOUNT_ETHEREUM };

	memset(a.b, seed, 20);
	return a;
}

static struct vault_wrapped_key wrapped(uint8_t seed)
{
	struct vault_wrapped_key k;

	memset(&k, seed, sizeof k);
	k.dealt = (struct sr_bytes){ NULL, 0 };
	return k;
}

static struct vault_switch_settings settings(void)
{
	struct vault_switch_settings s = { .interval_ms = 100000,
		.grace_ms = 5000,
		.heartbeat = ed(1),
		.duress = ed(2),
		.guardians_n = 3,
		.guardians_k = 2,
		.heirs_n = 2,
		.stages_n = 2 };

	for (uint8_t i = 0; i < 3; i++)
		s.guardians[i] = ed((uint8_t)(10 + i));
	s.heirs[0] = eth(20);
	s.heirs[1] = ed(21);
	s.heir_delay_ms[1] = 60000;
	s.stage_delay_ms[0] = 1;
	s.stage_delay_ms[1] = 1000;
	return s;
}

/* As many guardians, heirs and stages as this. */
static void fill(struct vault_switch_settings *s, uint32_t guardians, uint32_t heirs)
{
	s->guardians_n = s->guardians_k = guardians;
	s->heirs_n = s->stages_n = heirs;
	for (uint32_t i = 0; i < guardians; i++)
		s->guardians[i] = ed((uint8_t)(100 + i));
	for (uint32_t i = 0; i < heirs; i++) {
		s->heirs[i] = ed((uint8_t)(200 + i));
		s->heir_delay_ms[i] = s->stage_delay_ms[i] = i;
	}
}

static struct vault_payload inline_payload(void)
{
	return (struct vault_payload){ .plain_bytes = 4, .inlined = true,
		.inline_bytes = BYTES("ciphertext and tag") };
}

static struct vault_payload blob_payload(void)
{
	struct vault_payload p = { .plain_bytes = 1 << 20, .cipher_bytes = (1 << 20) + 256,
		.data_pieces = 2, .pieces_n = 4, .stripe_bytes = 4096 };

	for (uint8_t i = 0; i < 4; i++)
		memset(p.piece_hash[i].b, i + 1, 32);
	return p;
}

static void body_of(union vault_op_body *b, enum vault_op_kind kind)
{
	const struct vault_secret_id id = { { 9, 8, 7 } };

	memset(b, 0, sizeof *b);
	if (kind == VAULT_OP_COLLECTION_CREATE)
		b->collection_create.name = BYTES("Schlüssel");
	else if (kind == VAULT_OP_NFT_MINT)
		b->nft_mint = (struct vault_op_nft_mint){ 7, eth(3), BYTES("key one") };
	else if (kind == VAULT_OP_NFT_TRANSFER)
		b->nft_transfer = (struct vault_op_nft_transfer){ 7, 2, ed(4) };
	else if (kind == VAULT_OP_NFT_APPROVE)
		b->nft_approve = (struct vault_op_nft_approve){ 7, 2, { 0 } };
	else if (kind == VAULT_OP_NFT_BURN)
		b->nft_burn = (struct vault_op_nft_burn){ 7, 2 };
	else if (kind == VAULT_OP_SECRET_PUT)
		b->secret_put = (struct vault_op_secret_put){ id, 0, BYTES("seed words"),
			policy_bytes, 99, wrapped(5), inline_payload() };
	else if (kind == VAULT_OP_SECRET_UPDATE)
		b->secret_put = (struct vault_op_secret_put){ id, 3, { 0 }, { 0 }, 0, wrapped(6),
			blob_payload() };
	else if (kind == VAULT_OP_SECRET_RESTORE)
		b->secret_restore = (struct vault_op_secret_restore){ id, 3, 1, wrapped(7) };
	else if (kind == VAULT_OP_SECRET_POLICY)
		b->secret_policy = (struct vault_op_secret_policy){ id, 3, policy_bytes,
			wrapped(8) };
	else if (kind == VAULT_OP_SECRET_DELETE)
		b->secret_delete = (struct vault_op_secret_delete){ id, 3 };
	else if (kind == VAULT_OP_RETRIEVE)
		b->retrieve = (struct vault_op_retrieve){ id, 0, 7, 2, { { 1, 2, 3 } } };
	else if (kind == VAULT_OP_TICKET_CLOSE)
		b->ticket_close.ticket.b[5] = 9;
	else if (kind == VAULT_OP_SWITCH_CREATE)
		b->switch_create = (struct vault_op_switch_create){ BYTES("my estate"),
			settings() };
	else if (kind == VAULT_OP_SWITCH_PAUSE)
		b->switch_pause = (struct vault_op_switch_pause){ 3, 1234567 };
	else if (kind == VAULT_OP_SWITCH_DELEGATE)
		b->switch_delegate = (struct vault_op_switch_delegate){ 3, true, eth(9), 7777 };
	else if (kind == VAULT_OP_ATTEST_SUBMIT)
		b->attest_submit = (struct vault_op_attest_submit){ BYTES("https://a.example:1"),
			BYTES("evidence") };
	else
		b->switch_ref.switch_id = 3;
}

static struct sr_writer body_bytes(enum vault_op_kind kind, const union vault_op_body *b)
{
	struct sr_writer w;

	sr_writer_init(&w, 2 * SR_OP_MAX);
	vault_op_body_write(&w, kind, b);
	ck_ok(w.error);
	return w;
}

static enum sr_error body_verdict(enum vault_op_kind kind, const union vault_op_body *b)
{
	struct sr_writer w = body_bytes(kind, b);
	union vault_op_body again;
	enum sr_error error = vault_op_body_decode(&again, kind, (struct sr_bytes){ w.p, w.n });

	sr_writer_clear(&w);
	return error;
}

static enum vault_op_kind swept_kind;

static enum sr_error recode_body(struct sr_writer *again, struct sr_bytes bytes)
{
	union vault_op_body b;

	SR_TRY(vault_op_body_decode(&b, swept_kind, bytes));
	vault_op_body_write(again, swept_kind, &b);
	return SR_OK;
}

START_TEST(the_body_of_every_kind_has_one_encoding)
{
	for (size_t i = 0; i < KINDS_N; i++) {
		union vault_op_body b;
		struct sr_writer w;

		swept_kind = kinds[i];
		body_of(&b, kinds[i]);
		w = body_bytes(kinds[i], &b);
		ck_assert_uint_eq(test_sweep(vault_op_kind_name(kinds[i]), recode_body,
		    (struct sr_bytes){ w.p, w.n }), 0);
		sr_writer_clear(&w);
	}
}
END_TEST

/* The planted fault: a decoder that ignores what is left over and a bool's upper bits. */
static enum sr_error recode_carelessly(struct sr_writer *again, struct sr_bytes bytes)
{
	if (bytes.n < 2)
		return SR_ERR_TRUNCATED;
	sr_write_u8(again, bytes.p[0] & 1);
	sr_write_u8(again, bytes.p[1]);
	return SR_OK;
}

START_TEST(the_sweep_catches_a_careless_decoder)
{
	static const uint8_t bytes[] = { 1, 2 };

	/* Seven upper bits of the bool, one byte too many. */
	ck_assert_uint_eq(
	    test_sweep("planted", recode_carelessly, (struct sr_bytes){ bytes, 2 }), 8);
}
END_TEST

START_TEST(fields_come_back_as_they_were_written)
{
	union vault_op_body b, again;
	struct sr_writer w;

	body_of(&b, VAULT_OP_SECRET_PUT);
	w = body_bytes(VAULT_OP_SECRET_PUT, &b);
	ck_ok(vault_op_body_decode(&again, VAULT_OP_SECRET_PUT, (struct sr_bytes){ w.p, w.n }));
	ck_assert_mem_eq(again.secret_put.id.b, b.secret_put.id.b, 16);
	ck_assert_uint_eq(again.secret_put.expiry_ms, 99);
	ck_assert_mem_eq(again.secret_put.policy.p, policy, sizeof policy);
	ck_assert_mem_eq(&again.secret_put.key, &b.secret_put.key, sizeof b.secret_put.key);
	ck_assert(again.secret_put.payload.inlined);
	ck_assert_uint_eq(again.secret_put.payload.inline_bytes.n, 18);
	sr_writer_clear(&w);

	body_of(&b, VAULT_OP_SWITCH_CREATE);
	w = body_bytes(VAULT_OP_SWITCH_CREATE, &b);
	ck_ok(vault_op_body_decode(&again, VAULT_OP_SWITCH_CREATE, (struct sr_bytes){ w.p, w.n }));
	ck_assert_uint_eq(again.switch_create.settings.warn_ms[0], 50000);
	ck_assert_uint_eq(again.switch_create.settings.warn_ms[1], 75000);
	ck_assert_uint_eq(again.switch_create.settings.warn_ms[2], 90000);
	ck_assert(vault_account_equal(&again.switch_create.settings.heirs[0],
	    &b.switch_create.settings.heirs[0]));
	ck_assert_uint_eq(again.switch_create.settings.heir_delay_ms[1], 60000);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(the_warning_times_are_exact_for_any_interval)
{
	static const uint64_t intervals[] = { 1000, 1001, 1002, 1003, 1009, 86399999,
		VAULT_SPAN_MAX_MS };
	union vault_op_body b, again;

	for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
		struct sr_writer w;

		body_of(&b, VAULT_OP_SWITCH_CREATE);
		b.switch_create.settings.interval_ms = intervals[i];
		w = body_bytes(VAULT_OP_SWITCH_CREATE, &b);
		ck_ok(vault_op_body_decode(
		    &again, VAULT_OP_SWITCH_CREATE, (struct sr_bytes){ w.p, w.n }));
		ck_assert_uint_eq(again.switch_create.settings.warn_ms[0], intervals[i] * 50 / 100);
		ck_assert_uint_eq(again.switch_create.settings.warn_ms[1], intervals[i] * 75 / 100);
		ck_assert_uint_eq(again.switch_create.settings.warn_ms[2], intervals[i] * 90 / 100);
		sr_writer_clear(&w);
	}
}
END_TEST

/* One change to the good body of a kind, and the error it must draw (SR_OK: just inside). */
#define CHANGED(kind_, field_, value_, error_)                                                     \
	do {                                                                                       \
		union vault_op_body b_;                                                            \
                                                                                                   \
		body_of(&b_, kind_);                                                               \
		b_.field_ = value_;                                                                \
		ck_error(body_verdict(kind_, &b_), error_);                                        \
	} while (0)

START_TEST(every_field_is_checked_at_its_edge)
{
	static const char long_text[] =
	    "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn";
	const uint8_t *long_name = (const uint8_t *)long_text;
	const struct vault_account none = { 0 };

	CHANGED(VAULT_OP_COLLECTION_CREATE, collection_create.name,
	    ((struct sr_bytes){ long_name, 64 }), SR_OK);
	CHANGED(VAULT_OP_COLLECTION_CREATE, collection_create.name,
	    ((struct sr_bytes){ long_name, 65 }), SR_ERR_TOO_LONG);
	CHANGED(VAULT_OP_COLLECTION_CREATE, collection_create.name, ((struct sr_bytes){ NULL, 0 }),
	    SR_ERR_NAME_BAD);
	CHANGED(VAULT_OP_COLLECTION_CREATE, collection_create.name, BYTES("a\nb"), SR_ERR_NAME_BAD);
	CHANGED(
	    VAULT_OP_COLLECTION_CREATE, collection_create.name, BYTES("\xc0\xaf"), SR_ERR_NAME_BAD);
	CHANGED(VAULT_OP_NFT_MINT, nft_mint.to, none, SR_ERR_EMPTY);
	CHANGED(VAULT_OP_NFT_MINT, nft_mint.collection_id, 0, SR_OK);
	CHANGED(VAULT_OP_NFT_TRANSFER, nft_transfer.nft_id, 0, SR_ERR_OUT_OF_RANGE);
	CHANGED(VAULT_OP_NFT_TRANSFER, nft_transfer.to, none, SR_ERR_EMPTY);
	CHANGED(VAULT_OP_NFT_APPROVE, nft_approve.to, ed(1), SR_OK);
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.version, 1, SR_ERR_OUT_OF_RANGE);
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.name.n, 0, SR_ERR_NAME_BAD);
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.policy.n, 0, SR_ERR_EMPTY);
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.policy.n, sizeof policy - 1, SR_ERR_TRUNCATED);
	CHANGED(VAULT_OP_SECRET_UPDATE, secret_put.version, 0, SR_ERR_OUT_OF_RANGE);
	CHANGED(VAULT_OP_SECRET_POLICY, secret_policy.policy.n, 0, SR_ERR_EMPTY);
	CHANGED(VAULT_OP_SECRET_POLICY, secret_policy.version, 0, SR_ERR_OUT_OF_RANGE);
	CHANGED(VAULT_OP_SECRET_RESTORE, secret_restore.from_version, 0, SR_ERR_OUT_OF_RANGE);
	CHANGED(VAULT_OP_RETRIEVE, retrieve.nft_id, 0, SR_ERR_BAD_ENCODING);
	CHANGED(VAULT_OP_RETRIEVE, retrieve.to, ((struct sr_xpk){ { 0 } }), SR_ERR_BAD_PUBLIC_KEY);
	CHANGED(VAULT_OP_SWITCH_DELEGATE, switch_delegate.add, false, SR_ERR_BAD_ENCODING);
	CHANGED(VAULT_OP_SWITCH_DELEGATE, switch_delegate.to, none, SR_ERR_EMPTY);
}
END_TEST

START_TEST(payloads_are_bounded)
{
	static uint8_t payload[VAULT_INLINE_BYTES_MAX + 1];
	struct vault_payload p = inline_payload();

	p.inline_bytes = (struct sr_bytes){ payload, VAULT_INLINE_BYTES_MAX };
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.payload, p, SR_OK);
	p.inline_bytes.n++;
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.payload, p, SR_ERR_PAYLOAD_SIZE);
	p.inline_bytes.n = 0;
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.payload, p, SR_ERR_EMPTY);
	p = inline_payload();
	p.plain_bytes = VAULT_INLINE_BYTES_MAX + 1;
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.payload, p, SR_ERR_PAYLOAD_SIZE);

#define BLOB(field_, value_, error_)                                                               \
	p = blob_payload();                                                                        \
	p.field_ = value_;                                                                         \
	CHANGED(VAULT_OP_SECRET_PUT, secret_put.payload, p, error_)

	BLOB(pieces_n, VAULT_BLOB_PIECES_MAX, SR_OK);
	BLOB(pieces_n, 2, SR_OK);
	BLOB(pieces_n, 1, SR_ERR_OUT_OF_RANGE);
	BLOB(data_pieces, 0, SR_ERR_OUT_OF_RANGE);
	BLOB(data_pieces, 5, SR_ERR_OUT_OF_RANGE);
	BLOB(stripe_bytes, 0, SR_ERR_OUT_OF_RANGE);
	BLOB(stripe_bytes, VAULT_STRIPE_BYTES_MAX, SR_OK);
	BLOB(stripe_bytes, VAULT_STRIPE_BYTES_MAX + 1, SR_ERR_OUT_OF_RANGE);
	BLOB(cipher_bytes, 0, SR_ERR_EMPTY);
	BLOB(cipher_bytes, VAULT_BLOB_CIPHER_MAX, SR_OK);
	BLOB(cipher_bytes, VAULT_BLOB_CIPHER_MAX + 1, SR_ERR_PAYLOAD_SIZE);
	BLOB(plain_bytes, VAULT_BLOB_PLAIN_MAX, SR_OK);
	BLOB(plain_bytes, VAULT_BLOB_PLAIN_MAX + 1, SR_ERR_PAYLOAD_SIZE);
#undef BLOB
}
END_TEST

START_TEST(a_writer_refuses_tables_larger_than_the_wire_allows)
{
	union vault_op_body b;
	struct sr_writer w;

	sr_writer_init(&w, SR_OP_MAX);
	body_of(&b, VAULT_OP_SECRET_UPDATE);
	b.secret_put.payload.pieces_n = VAULT_BLOB_PIECES_MAX + 1;
	vault_op_body_write(&w, VAULT_OP_SECRET_UPDATE, &b);
	ck_error(sr_writer_finish(&w), SR_ERR_OUT_OF_RANGE);
	sr_writer_init(&w, SR_OP_MAX);
	body_of(&b, VAULT_OP_SWITCH_CREATE);
	b.switch_create.settings.guardians_n = VAULT_GUARDIANS_MAX + 1;
	vault_op_body_write(&w, VAULT_OP_SWITCH_CREATE, &b);
	ck_error(sr_writer_finish(&w), SR_ERR_OUT_OF_RANGE);
}
END_TEST

START_TEST(switch_settings_must_make_sense_together)
{
	struct vault_switch_settings s;

#define SETTING(change_, error_)                                                                   \
	s = settings();                                                                            \
	change_;                                                                                   \
	CHANGED(VAULT_OP_SWITCH_CREATE, switch_create.settings, s, error_)

	SETTING((void)0, SR_OK);
	SETTING(s.interval_ms = 1000, SR_OK);
	SETTING(s.interval_ms = 999, SR_ERR_OUT_OF_RANGE);
	SETTING(s.interval_ms = VAULT_SPAN_MAX_MS, SR_OK);
	SETTING(s.interval_ms = VAULT_SPAN_MAX_MS + 1, SR_ERR_OUT_OF_RANGE);
	SETTING(s.grace_ms = 1000, SR_OK);
	SETTING(s.grace_ms = 999, SR_ERR_OUT_OF_RANGE);
	SETTING(s.guardians_k = 3, SR_OK);
	SETTING(s.guardians_k = 4, SR_ERR_SWITCH_SETTINGS);
	SETTING(s.guardians_k = 0, SR_ERR_SWITCH_SETTINGS);
	SETTING(s.guardians_n = 0, SR_ERR_SWITCH_SETTINGS);
	SETTING((s.guardians_n = 0, s.guardians_k = 0), SR_OK);
	SETTING(s.guardians[2] = s.guardians[0], SR_ERR_DUPLICATE);
	SETTING(s.guardians[1].kind = VAULT_ACCOUNT_NONE, SR_ERR_EMPTY);
	SETTING(fill(&s, VAULT_GUARDIANS_MAX, VAULT_HEIRS_MAX), SR_OK);
	SETTING(s.heirs[1] = s.heirs[0], SR_ERR_DUPLICATE);
	SETTING(s.heir_delay_ms[1] = 0, SR_OK);
	SETTING(s.heir_delay_ms[0] = 60001, SR_ERR_SWITCH_SETTINGS);
	SETTING(s.stage_delay_ms[1] = 1, SR_ERR_SWITCH_SETTINGS);
	SETTING(s.stage_delay_ms[1] = VAULT_SPAN_MAX_MS + 1, SR_ERR_OUT_OF_RANGE);
	SETTING(s.duress = s.heartbeat, SR_ERR_SWITCH_SETTINGS);
	SETTING((s.duress.kind = 0, s.heartbeat.kind = 0), SR_OK);
#undef SETTING
}
END_TEST

/* --- whole operations --- */

static struct sr_writer op_bytes(const struct vault_account *account, enum vault_op_kind kind)
{
	const struct sr_hash32 chain = { { 0xcc } };
	uint8_t signature[65];
	union vault_op_body b;
	struct sr_writer w;

	memset(signature, 0x55, sizeof signature);
	signature[64] = 27;
	body_of(&b, kind);
	sr_writer_init(&w, SR_OP_MAX);
	vault_op_write_signed(&w, &chain, 4, account, 77, 1234, kind, &b);
	vault_op_write_signature(&w, signature, account->kind == VAULT_ACCOUNT_ED25519 ? 64 : 65);
	ck_ok(w.error);
	return w;
}

static enum sr_error recode_op(struct sr_writer *again, struct sr_bytes bytes)
{
	struct vault_op op;

	SR_TRY(vault_op_decode(&op, bytes.p, bytes.n));
	vault_op_write_signed_raw(
	    again, &op.chain_id, op.epoch, &op.account, op.nonce, op.expiry_ms, op.kind, op.body);
	vault_op_write_signature(again, op.signature, op.signature_n);
	return SR_OK;
}

START_TEST(an_operation_has_one_encoding)
{
	const struct vault_account accounts[] = { ed(1), eth(2) };

	for (size_t i = 0; i < 2; i++) {
		struct sr_writer w = op_bytes(&accounts[i], VAULT_OP_NFT_TRANSFER);

		ck_assert_uint_eq(
		    test_sweep("operation", recode_op, (struct sr_bytes){ w.p, w.n }), 0);
		sr_writer_clear(&w);
	}
}
END_TEST

START_TEST(an_operation_is_decoded_with_its_signed_bytes_and_hash)
{
	const struct vault_account account = eth(2);
	struct sr_writer w = op_bytes(&account, VAULT_OP_NFT_MINT);
	struct vault_op op, other;
	union vault_op_body body;

	ck_ok(vault_op_decode(&op, w.p, w.n));
	ck_assert_uint_eq(op.epoch, 4);
	ck_assert_uint_eq(op.nonce, 77);
	ck_assert_uint_eq(op.expiry_ms, 1234);
	ck_assert_int_eq(op.kind, VAULT_OP_NFT_MINT);
	ck_assert(vault_account_equal(&op.account, &account));
	ck_assert_uint_eq(op.signature_n, 65);
	ck_assert_ptr_eq(op.signed_bytes.p, w.p);
	ck_assert_uint_eq(op.signed_bytes.n, w.n - 65);
	ck_ok(vault_op_body_decode(&body, op.kind, op.body));
	ck_assert_uint_eq(body.nft_mint.collection_id, 7);
	w.p[w.n - 3] ^= 1; /* in the signature: another hash */
	ck_ok(vault_op_decode(&other, w.p, w.n));
	ck_assert(!sr_hash32_equal(&op.hash, &other.hash));
	sr_writer_clear(&w);
}
END_TEST

START_TEST(members_kinds_pass_the_frame_but_have_no_body_here)
{
	const struct sr_hash32 chain = { { 1 } };
	const struct vault_account account = ed(1);
	const uint8_t signature[64] = { 0 };
	union vault_op_body body;
	struct vault_op op;
	struct sr_writer w;

	sr_writer_init(&w, SR_OP_MAX);
	vault_op_write_signed_raw(&w, &chain, 1, &account, 0, 0, 0x103, BYTES("dealing"));
	vault_op_write_signature(&w, signature, 64);
	ck_ok(sr_writer_finish(&w));
	ck_ok(vault_op_decode(&op, w.p, w.n));
	ck_assert_uint_eq((unsigned)op.kind, 0x103);
	ck_error(vault_op_body_decode(&body, op.kind, op.body), SR_ERR_BAD_KIND);
	ck_error(vault_op_body_decode(&body, (enum vault_op_kind)0, op.body), SR_ERR_BAD_KIND);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(an_operation_may_be_as_long_as_its_limit_and_no_longer)
{
	static uint8_t body[SR_OP_MAX];
	const struct sr_hash32 chain = { { 1 } };
	const struct vault_account account = ed(1);
	const uint8_t signature[64] = { 0 };
	struct vault_op op;
	struct sr_writer w;
	size_t frame;

	sr_writer_init(&w, 2 * SR_OP_MAX);
	vault_op_write_signed_raw(
	    &w, &chain, 1, &account, 0, 0, 0x100, (struct sr_bytes){ body, 0 });
	frame = w.n + sizeof signature;
	for (size_t over = 0; over < 2; over++) {
		sr_writer_reset(&w);
		vault_op_write_signed_raw(&w, &chain, 1, &account, 0, 0, 0x100,
		    (struct sr_bytes){ body, SR_OP_MAX - frame + over });
		vault_op_write_signature(&w, signature, 64);
		ck_ok(w.error);
		ck_error(vault_op_decode(&op, w.p, w.n), over == 0 ? SR_OK : SR_ERR_TOO_LONG);
	}
	sr_writer_clear(&w);
}
END_TEST

START_TEST(a_wrong_frame_is_refused_by_name)
{
	const struct vault_account account = eth(2);
	struct sr_writer w = op_bytes(&account, VAULT_OP_NFT_BURN);
	struct vault_op op;

	w.p[0] = 2;
	ck_error(vault_op_decode(&op, w.p, w.n), SR_ERR_BAD_VERSION);
	w.p[0] = 1;
	w.p[w.n - 1] = 0; /* v in a wallet's other form */
	ck_error(vault_op_decode(&op, w.p, w.n), SR_ERR_BAD_ENCODING);
	w.p[w.n - 1] = 28;
	ck_ok(vault_op_decode(&op, w.p, w.n));
	w.p[41] = VAULT_ACCOUNT_NONE;
	ck_error(vault_op_decode(&op, w.p, w.n), SR_ERR_EMPTY);
	w.p[41] = 3;
	ck_error(vault_op_decode(&op, w.p, w.n), SR_ERR_BAD_KIND);
	ck_error(vault_op_decode(&op, w.p, 0), SR_ERR_TRUNCATED);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(a_signature_over_the_signed_bytes_verifies)
{
	const struct sr_key32 seed = { { 3 } };
	const struct sr_hash32 chain = { { 1 } };
	struct vault_account account = { .kind = VAULT_ACCOUNT_ED25519 };
	union vault_op_body body;
	struct sr_edsk sk;
	struct sr_edpk pk;
	struct sr_sig64 sig;
	struct sr_writer w;
	struct vault_op op;

	sr_ed25519_keypair(&sk, &pk, &seed);
	memcpy(account.b, pk.b, 32);
	body_of(&body, VAULT_OP_SWITCH_HEARTBEAT);
	sr_writer_init(&w, SR_OP_MAX);
	vault_op_write_signed(&w, &chain, 1, &account, 0, 10, VAULT_OP_SWITCH_HEARTBEAT, &body);
	ck_ok(w.error);
	sr_sign(&sig, &sk, "strongroom op v1", w.p, w.n);
	vault_op_write_signature(&w, sig.b, 64);
	ck_ok(sr_writer_finish(&w));
	ck_ok(vault_op_decode(&op, w.p, w.n));
	memcpy(sig.b, op.signature, 64);
	ck_ok(sr_verify(&pk, &sig, "strongroom op v1", op.signed_bytes.p, op.signed_bytes.n));
	ck_error(sr_verify(&pk, &sig, "strongroom op v1", op.signed_bytes.p, op.signed_bytes.n - 1),
	    SR_ERR_BAD_SIGNATURE);
	sr_writer_clear(&w);
}
END_TEST

START_TEST(the_text_for_wallets_names_the_hash_of_the_signed_bytes)
{
	const struct sr_bytes signed_bytes = BYTES("some bytes");
	const struct sr_hash32 h = sr_hash_domain("strongroom op v1", &signed_bytes, 1);
	char text[96], hex[65];

	vault_op_ethereum_text(text, &signed_bytes);
	sr_hex_encode(hex, h.b, 32);
	ck_assert_uint_eq(strlen(text), 21 + 64);
	ck_assert_int_eq(strncmp(text, "Strongroom operation\n", 21), 0);
	ck_assert_str_eq(text + 21, hex);
}
END_TEST

/* --- accounts, ids --- */

START_TEST(accounts_are_written_and_read_as_text)
{
	static const struct {
		const char *text;
		enum sr_error error;
	} rows[] = {
		{ "none", SR_OK },
		{ "ed25519:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		    SR_OK },
		{ "0x0123456789abcdef0123456789abcdef01234567", SR_OK },
		{ "0x0123456789abcdef0123456789abcdef0123456", SR_ERR_BAD_HEX },
		{ "0x0123456789abcdef0123456789abcdef012345678", SR_ERR_BAD_HEX },
		{ "0x0123456789abcdef0123456789abcdef0123456g", SR_ERR_BAD_HEX },
		{ "ed25519:01", SR_ERR_BAD_HEX },
		{ "ed25519:", SR_ERR_BAD_SYNTAX },
		{ "", SR_ERR_BAD_SYNTAX },
		{ "0x", SR_ERR_BAD_SYNTAX },
		{ "nonesuch", SR_ERR_BAD_SYNTAX },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[VAULT_ACCOUNT_TEXT_MAX];
		struct vault_account a;

		ck_error(
		    vault_account_parse(&a, rows[i].text, strlen(rows[i].text)), rows[i].error);
		if (rows[i].error != SR_OK)
			continue;
		vault_account_text(text, &a);
		ck_assert_str_eq(text, rows[i].text);
	}
}
END_TEST

START_TEST(secret_ids_and_labels_depend_on_every_input)
{
	const struct sr_hash32 chains[] = { { { 1 } }, { { 2 } } },
			       policies[] = { { { 3 } }, { { 4 } } };
	struct vault_account owners[] = { ed(1), ed(2) };
	struct vault_secret_id id = vault_secret_id_derive(&chains[0], &owners[0], 5), other;
	struct sr_hash32 label = vault_label(&chains[0], &id, &owners[0], &policies[0]), changed;

	for (unsigned i = 1; i < 8; i <<= 1) {
		other = vault_secret_id_derive(&chains[i & 1], &owners[i >> 1 & 1], 5 + (i >> 2));
		ck_assert_mem_ne(id.b, other.b, 16);
	}
	other = id;
	other.b[15] ^= 1;
	for (unsigned i = 1; i < 16; i <<= 1) {
		changed = vault_label(&chains[i & 1], i & 2 ? &other : &id, &owners[i >> 2 & 1],
		    &policies[i >> 3]);
		ck_assert(!sr_hash32_equal(&label, &changed));
	}
	/* An Ethereum address never shares an id with the key that has the same bytes. */
	owners[1] = eth(1);
	memset(owners[0].b + 20, 0, 12);
	id = vault_secret_id_derive(&chains[0], &owners[0], 5);
	other = vault_secret_id_derive(&chains[0], &owners[1], 5);
	ck_assert_mem_ne(id.b, other.b, 16);
}
END_TEST

START_TEST(every_kind_has_its_own_name)
{
	for (size_t i = 0; i < KINDS_N; i++) {
		ck_assert_str_ne(vault_op_kind_name(kinds[i]), "unknown");
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(
			    vault_op_kind_name(kinds[i]), vault_op_kind_name(kinds[j]));
	}
	ck_assert_str_eq(vault_op_kind_name(0), "unknown");
	ck_assert_str_eq(vault_op_kind_name(99), "unknown");
	ck_assert_str_eq(vault_op_kind_name(VAULT_OP_MEMBER_FIRST), "member");
}
END_TEST

TEST_MAIN("vault op",
    the_body_of_every_kind_has_one_encoding,
    the_sweep_catches_a_careless_decoder,
    fields_come_back_as_they_were_written,
    the_warning_times_are_exact_for_any_interval,
    every_field_is_checked_at_its_edge,
    payloads_are_bounded,
    a_writer_refuses_tables_larger_than_the_wire_allows,
    switch_settings_must_make_sense_together,
    an_operation_has_one_encoding,
    an_operation_is_decoded_with_its_signed_bytes_and_hash,
    members_kinds_pass_the_frame_but_have_no_body_here,
    an_operation_may_be_as_long_as_its_limit_and_no_longer,
    a_wrong_frame_is_refused_by_name,
    a_signature_over_the_signed_bytes_verifies,
    the_text_for_wallets_names_the_hash_of_the_signed_bytes,
    accounts_are_written_and_read_as_text,
    secret_ids_and_labels_depend_on_every_input,
    every_kind_has_its_own_name)
