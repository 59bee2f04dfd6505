#include "vault/op.h"

#include <string.h>

#include "base/hex.h"
#include "vault/policy.h"

#define R_BYTES 32u                      /* of a TDH2 ciphertext */

/* --- accounts and ids --- */

static size_t account_bytes(unsigned kind)
{
	return kind == VAULT_ACCOUNT_ED25519 ? 32 : kind == VAULT_ACCOUNT_ETHEREUM ? 20 : 0;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	uint8_t any = 0;

	for (size_t i = 0; i < n; i++)
		any |= p[i];
	return any == 0;
}

void vault_account_write(struct sr_writer *w, const struct vault_account *a)
{
	if (a->kind > VAULT_ACCOUNT_ETHEREUM)
		sr_writer_fail(w, SR_ERR_BAD_KIND);
	sr_write_u8(w, a->kind);
	sr_write_copy(w, a->b, account_bytes(a->kind));
}

void vault_account_read(struct vault_account *a, struct sr_reader *r, bool optional)
{
	memset(a, 0, sizeof *a);
	a->kind = sr_read_u8(r);
	if (a->kind > VAULT_ACCOUNT_ETHEREUM)
		sr_reader_fail(r, SR_ERR_BAD_KIND);
	else if (a->kind == VAULT_ACCOUNT_NONE && !optional)
		sr_reader_fail(r, SR_ERR_EMPTY);
	if (r->error == SR_OK)
		sr_read_copy(r, a->b, account_bytes(a->kind));
	if (r->error != SR_OK)
		memset(a, 0, sizeof *a);
}

bool vault_account_equal(const struct vault_account *a, const struct vault_account *b)
{
	return a->kind == b->kind && memcmp(a->b, b->b, sizeof a->b) == 0;
}

void vault_account_text(char out[VAULT_ACCOUNT_TEXT_MAX], const struct vault_account *a)
{
	const char *prefix = a->kind == VAULT_ACCOUNT_ED25519 ? "ed25519:" :
	    a->kind == VAULT_ACCOUNT_ETHEREUM ? "0x" : "none";
	size_t n = strlen(prefix);

	memcpy(out, prefix, n + 1);
	if (account_bytes(a->kind) > 0)
		sr_hex_encode(out + n, a->b, account_bytes(a->kind));
}

enum sr_error vault_account_parse(struct vault_account *a, const char *text, size_t n)
{
	struct vault_account parsed = { 0 };
	size_t prefix = 0;

	if (n == 4 && memcmp(text, "none", 4) == 0) {
		*a = parsed;
		return SR_OK;
	}
	if (n > 8 && memcmp(text, "ed25519:", 8) == 0) {
		parsed.kind = VAULT_ACCOUNT_ED25519;
		prefix = 8;
	} else if (n > 2 && memcmp(text, "0x", 2) == 0) {
		parsed.kind = VAULT_ACCOUNT_ETHEREUM;
		prefix = 2;
	} else {
		return SR_ERR_BAD_SYNTAX;
	}
	SR_TRY(sr_hex_decode(parsed.b, account_bytes(parsed.kind), text + prefix, n - prefix));
	*a = parsed;
	return SR_OK;
}

static void put_le64(uint8_t out[8], uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(v >> (8 * i));
}

struct vault_secret_id vault_secret_id_derive(const struct sr_hash32 *chain_id,
    const struct vault_account *owner, uint64_t nonce)
{
	uint8_t n[8];
	struct sr_bytes parts[] = { { chain_id->b, sizeof chain_id->b }, { &owner->kind, 1 },
		{ owner->b, sizeof owner->b }, { n, sizeof n } };
	struct vault_secret_id id;
	struct sr_hash32 h;

	put_le64(n, nonce);
	h = sr_hash_domain("strongroom secret id v1", parts, 4);
	memcpy(id.b, h.b, sizeof id.b);
	return id;
}

struct sr_hash32 vault_label(const struct sr_hash32 *chain_id, const struct vault_secret_id *id,
    const struct vault_account *owner, const struct sr_hash32 *policy_hash)
{
	struct sr_bytes parts[] = { { chain_id->b, sizeof chain_id->b }, { id->b, sizeof id->b },
		{ &owner->kind, 1 }, { owner->b, sizeof owner->b },
		{ policy_hash->b, sizeof policy_hash->b } };

	return sr_hash_domain("strongroom label v1", parts, 5);
}

/* --- parts of bodies --- */

static void id_write(struct sr_writer *w, const struct vault_secret_id *id)
{
	sr_write_copy(w, id->b, sizeof id->b);
}

static void id_read(struct vault_secret_id *id, struct sr_reader *r)
{
	sr_read_copy(r, id->b, sizeof id->b);
}

static void bytes_write(struct sr_writer *w, const struct sr_bytes *b)
{
	sr_write_blob(w, b->p, b->n);
}

static void name_read(struct sr_bytes *name, struct sr_reader *r, bool optional)
{
	*name = sr_read_blob(r, SR_NAME_MAX);
	if (r->error != SR_OK || (optional && name->n == 0))
		return;
	if (!sr_name_valid(name->p, name->n))
		sr_reader_fail(r, SR_ERR_NAME_BAD);
}

static void policy_read(struct sr_bytes *bytes, struct sr_reader *r, bool optional)
{
	struct vault_policy policy;
	enum sr_error error;

	*bytes = sr_read_blob(r, VAULT_POLICY_BYTES_MAX);
	if (r->error != SR_OK || (optional && bytes->n == 0))
		return;
	error = bytes->n == 0 ? SR_ERR_EMPTY : vault_policy_decode(&policy, *bytes);
	if (error != SR_OK)
		sr_reader_fail(r, error);
}

static uint64_t range_read(struct sr_reader *r, uint64_t least, uint64_t most)
{
	uint64_t v = sr_read_u64(r);

	if (r->error == SR_OK && (v < least || v > most))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return v;
}

static uint32_t count_read(struct sr_reader *r, uint32_t least, uint32_t most)
{
	uint32_t v = sr_read_u32(r);

	if (r->error == SR_OK && (v < least || v > most))
		sr_reader_fail(r, SR_ERR_OUT_OF_RANGE);
	return r->error == SR_OK ? v : 0;
}

bool vault_key_is_dealt(const struct vault_wrapped_key *k)
{
	return k->dealt.n > 0;
}

void vault_wrapped_key_write(struct sr_writer *w, const struct vault_wrapped_key *k)
{
	/* What is written must be read as the same kind of key. */
	if (all_zero(k->tdh2, R_BYTES) != vault_key_is_dealt(k))
		sr_writer_fail(w, SR_ERR_BAD_ENCODING);
	if (vault_key_is_dealt(k)) {
		sr_write_copy(w, k->tdh2, R_BYTES);
		bytes_write(w, &k->dealt);
	} else {
		sr_write_copy(w, k->tdh2, sizeof k->tdh2);
	}
	sr_write_copy(w, k->dek, sizeof k->dek);
	sr_write_copy(w, k->owner_dek, sizeof k->owner_dek);
}

static void dealt_read(struct vault_wrapped_key *k, struct sr_reader *r)
{
	struct vault_dealt dealt;
	enum sr_error error;

	k->dealt = sr_read_blob(r, VAULT_DEALT_BYTES_MAX);
	error = r->error == SR_OK ? vault_dealt_decode(&dealt, k->dealt) : SR_OK;
	if (error != SR_OK)
		sr_reader_fail(r, error);
}

void vault_wrapped_key_read(struct vault_wrapped_key *k, struct sr_reader *r)
{
	memset(k, 0, sizeof *k);
	sr_read_copy(r, k->tdh2, R_BYTES);
	if (r->error == SR_OK && all_zero(k->tdh2, R_BYTES))
		dealt_read(k, r);
	else
		sr_read_copy(r, k->tdh2 + R_BYTES, sizeof k->tdh2 - R_BYTES);
	sr_read_copy(r, k->dek, sizeof k->dek);
	sr_read_copy(r, k->owner_dek, sizeof k->owner_dek);
	if (r->error != SR_OK)
		memset(k, 0, sizeof *k);
}

void vault_payload_write(struct sr_writer *w, const struct vault_payload *p)
{
	sr_write_u64(w, p->plain_bytes);
	sr_write_bool(w, p->inlined);
	if (p->inlined) {
		bytes_write(w, &p->inline_bytes);
		return;
	}
	if (p->pieces_n > VAULT_BLOB_PIECES_MAX) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u64(w, p->cipher_bytes);
	sr_write_u32(w, p->data_pieces);
	sr_write_u32(w, p->pieces_n);
	sr_write_u32(w, p->stripe_bytes);
	for (uint32_t i = 0; i < p->pieces_n; i++)
		sr_write_hash(w, &p->piece_hash[i]);
}

static void inline_read(struct vault_payload *p, struct sr_reader *r)
{
	p->inline_bytes = sr_read_blob(r, VAULT_INLINE_BYTES_MAX);
	if (r->error == SR_ERR_TOO_LONG) /* the first failure wins, so name it after the fact */
		r->error = SR_ERR_PAYLOAD_SIZE;
	else if (r->error == SR_OK && p->plain_bytes > VAULT_INLINE_BYTES_MAX)
		sr_reader_fail(r, SR_ERR_PAYLOAD_SIZE);
	else if (r->error == SR_OK && p->inline_bytes.n == 0)
		sr_reader_fail(r, SR_ERR_EMPTY);
}

static void blob_read(struct vault_payload *p, struct sr_reader *r)
{
	p->cipher_bytes = sr_read_u64(r);
	if (r->error == SR_OK &&
	    (p->cipher_bytes > VAULT_BLOB_CIPHER_MAX || p->plain_bytes > VAULT_BLOB_PLAIN_MAX))
		sr_reader_fail(r, SR_ERR_PAYLOAD_SIZE);
	if (r->error == SR_OK && p->cipher_bytes == 0)
		sr_reader_fail(r, SR_ERR_EMPTY);
	p->data_pieces = count_read(r, 1, VAULT_BLOB_PIECES_MAX);
	p->pieces_n = count_read(r, p->data_pieces, VAULT_BLOB_PIECES_MAX);
	p->stripe_bytes = count_read(r, 1, VAULT_STRIPE_BYTES_MAX);
	for (uint32_t i = 0; i < p->pieces_n; i++)
		p->piece_hash[i] = sr_read_hash(r);
}

void vault_payload_read(struct vault_payload *p, struct sr_reader *r)
{
	memset(p, 0, sizeof *p);
	p->plain_bytes = sr_read_u64(r);
	p->inlined = sr_read_bool(r);
	if (r->error != SR_OK)
		return;
	if (p->inlined)
		inline_read(p, r);
	else
		blob_read(p, r);
}

struct sr_bytes vault_url_read(struct sr_reader *r)
{
	struct sr_bytes url = sr_read_blob(r, VAULT_ATTEST_URL_MAX);

	for (size_t i = 0; r->error == SR_OK && i < url.n; i++)
		if (url.p[i] <= ' ' || url.p[i] > '~')
			sr_reader_fail(r, SR_ERR_BAD_UTF8);
	return url;
}

/* --- switch settings --- */

static bool settings_counts_fit(const struct vault_switch_settings *s)
{
	return s->guardians_n <= VAULT_GUARDIANS_MAX && s->heirs_n <= VAULT_HEIRS_MAX &&
	    s->stages_n <= VAULT_HEIRS_MAX;
}

void vault_switch_settings_write(struct sr_writer *w, const struct vault_switch_settings *s)
{
	if (!settings_counts_fit(s)) {
		sr_writer_fail(w, SR_ERR_OUT_OF_RANGE);
		return;
	}
	sr_write_u64(w, s->interval_ms);
	sr_write_u64(w, s->grace_ms);
	vault_account_write(w, &s->heartbeat);
	vault_account_write(w, &s->duress);
	vault_account_write(w, &s->vetoer);
	sr_write_u32(w, s->guardians_n);
	sr_write_u32(w, s->guardians_k);
	for (uint32_t i = 0; i < s->guardians_n; i++)
		vault_account_write(w, &s->guardians[i]);
	sr_write_u32(w, s->heirs_n);
	for (uint32_t i = 0; i < s->heirs_n; i++) {
		vault_account_write(w, &s->heirs[i]);
		sr_write_u64(w, s->heir_delay_ms[i]);
	}
	sr_write_u32(w, s->stages_n);
	for (uint32_t i = 0; i < s->stages_n; i++)
		sr_write_u64(w, s->stage_delay_ms[i]);
}

static bool accounts_repeat(const struct vault_account *list, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t j = 0; j < i; j++)
			if (vault_account_equal(&list[i], &list[j]))
				return true;
	return false;
}

/* What is wrong between fields that each are in range. */
static enum sr_error settings_check(const struct vault_switch_settings *s)
{
	if ((s->guardians_n == 0) != (s->guardians_k == 0) || s->guardians_k > s->guardians_n)
		return SR_ERR_SWITCH_SETTINGS;
	if (accounts_repeat(s->guardians, s->guardians_n) || accounts_repeat(s->heirs, s->heirs_n))
		return SR_ERR_DUPLICATE;
	/* Duress must look like a heartbeat but be told apart from one. */
	if (s->duress.kind != VAULT_ACCOUNT_NONE && vault_account_equal(&s->duress, &s->heartbeat))
		return SR_ERR_SWITCH_SETTINGS;
	for (uint32_t i = 1; i < s->heirs_n; i++)
		if (s->heir_delay_ms[i] < s->heir_delay_ms[i - 1])
			return SR_ERR_SWITCH_SETTINGS;
	for (uint32_t i = 1; i < s->stages_n; i++)
		if (s->stage_delay_ms[i] <= s->stage_delay_ms[i - 1])
			return SR_ERR_SWITCH_SETTINGS;
	return SR_OK;
}

void vault_switch_settings_read(struct vault_switch_settings *s, struct sr_reader *r)
{
	enum sr_error error;

	memset(s, 0, sizeof *s);
	s->interval_ms = range_read(r, VAULT_SPAN_MIN_MS, VAULT_SPAN_MAX_MS);
	s->grace_ms = range_read(r, VAULT_SPAN_MIN_MS, VAULT_SPAN_MAX_MS);
	vault_account_read(&s->heartbeat, r, true);
	vault_account_read(&s->duress, r, true);
	vault_account_read(&s->vetoer, r, true);
	s->guardians_n = count_read(r, 0, VAULT_GUARDIANS_MAX);
	s->guardians_k = count_read(r, 0, VAULT_GUARDIANS_MAX);
	for (uint32_t i = 0; i < s->guardians_n; i++)
		vault_account_read(&s->guardians[i], r, false);
	s->heirs_n = count_read(r, 0, VAULT_HEIRS_MAX);
	for (uint32_t i = 0; i < s->heirs_n; i++) {
		vault_account_read(&s->heirs[i], r, false);
		s->heir_delay_ms[i] = range_read(r, 0, VAULT_SPAN_MAX_MS);
	}
	s->stages_n = count_read(r, 0, VAULT_HEIRS_MAX);
	for (uint32_t i = 0; i < s->stages_n; i++)
		s->stage_delay_ms[i] = range_read(r, 0, VAULT_SPAN_MAX_MS);
	s->warn_ms[0] = s->interval_ms / 2;
	s->warn_ms[1] = s->interval_ms / 4 * 3 + s->interval_ms % 4 * 3 / 4;
	s->warn_ms[2] = s->interval_ms / 10 * 9 + s->interval_ms % 10 * 9 / 10;
	error = r->error == SR_OK ? settings_check(s) : SR_OK;
	if (error != SR_OK)
		sr_reader_fail(r, error);
}

/* --- bodies --- */

static void secret_put_write(struct sr_writer *w, const struct vault_op_secret_put *b)
{
	id_write(w, &b->id);
	sr_write_u64(w, b->version);
	bytes_write(w, &b->name);
	bytes_write(w, &b->policy);
	sr_write_u64(w, b->expiry_ms);
	vault_wrapped_key_write(w, &b->key);
	vault_payload_write(w, &b->payload);
}

static void secret_put_read(struct vault_op_secret_put *b, struct sr_reader *r, bool update)
{
	id_read(&b->id, r);
	b->version = range_read(r, update ? 1 : 0, update ? UINT64_MAX - 1 : 0);
	name_read(&b->name, r, update);
	policy_read(&b->policy, r, update);
	b->expiry_ms = sr_read_u64(r);
	vault_wrapped_key_read(&b->key, r);
	vault_payload_read(&b->payload, r);
}

static void retrieve_read(struct vault_op_retrieve *b, struct sr_reader *r)
{
	id_read(&b->id, r);
	b->version = sr_read_u64(r);
	b->nft_id = sr_read_u64(r);
	b->nft_version = sr_read_u64(r);
	b->to = sr_read_xpk(r);
	if (r->error == SR_OK && b->nft_id == 0 && b->nft_version != 0)
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
	if (r->error == SR_OK && all_zero(b->to.b, sizeof b->to.b))
		sr_reader_fail(r, SR_ERR_BAD_PUBLIC_KEY);
}

static void delegate_read(struct vault_op_switch_delegate *b, struct sr_reader *r)
{
	b->switch_id = sr_read_u64(r);
	b->add = sr_read_bool(r);
	vault_account_read(&b->to, r, false);
	b->until_ms = sr_read_u64(r);
	if (r->error == SR_OK && !b->add && b->until_ms != 0)
		sr_reader_fail(r, SR_ERR_BAD_ENCODING);
}

static void attest_submit_read(struct vault_op_attest_submit *b, struct sr_reader *r)
{
	b->url = vault_url_read(r);
	b->evidence = sr_read_blob(r, VAULT_ATTEST_EVIDENCE_MAX);
	if (r->error == SR_OK && b->evidence.n == 0)
		sr_reader_fail(r, SR_ERR_EMPTY);
}

void vault_op_body_write(struct sr_writer *w, enum vault_op_kind kind, const union vault_op_body *b)
{
	switch (kind) {
	case VAULT_OP_COLLECTION_CREATE:
		bytes_write(w, &b->collection_create.name);
		return;
	case VAULT_OP_NFT_MINT:
		sr_write_u64(w, b->nft_mint.collection_id);
		vault_account_write(w, &b->nft_mint.to);
		bytes_write(w, &b->nft_mint.name);
		return;
	case VAULT_OP_NFT_TRANSFER:
		sr_write_u64(w, b->nft_transfer.nft_id);
		sr_write_u64(w, b->nft_transfer.nft_version);
		vault_account_write(w, &b->nft_transfer.to);
		return;
	case VAULT_OP_NFT_APPROVE:
		sr_write_u64(w, b->nft_approve.nft_id);
		sr_write_u64(w, b->nft_approve.nft_version);
		vault_account_write(w, &b->nft_approve.to);
		return;
	case VAULT_OP_NFT_BURN:
		sr_write_u64(w, b->nft_burn.nft_id);
		sr_write_u64(w, b->nft_burn.nft_version);
		return;
	case VAULT_OP_SECRET_PUT:
	case VAULT_OP_SECRET_UPDATE:
		secret_put_write(w, &b->secret_put);
		return;
	case VAULT_OP_SECRET_RESTORE:
		id_write(w, &b->secret_restore.id);
		sr_write_u64(w, b->secret_restore.version);
		sr_write_u64(w, b->secret_restore.from_version);
		vault_wrapped_key_write(w, &b->secret_restore.key);
		return;
	case VAULT_OP_SECRET_POLICY:
		id_write(w, &b->secret_policy.id);
		sr_write_u64(w, b->secret_policy.version);
		bytes_write(w, &b->secret_policy.policy);
		vault_wrapped_key_write(w, &b->secret_policy.key);
		return;
	case VAULT_OP_SECRET_DELETE:
		id_write(w, &b->secret_delete.id);
		sr_write_u64(w, b->secret_delete.version);
		return;
	case VAULT_OP_RETRIEVE:
		id_write(w, &b->retrieve.id);
		sr_write_u64(w, b->retrieve.version);
		sr_write_u64(w, b->retrieve.nft_id);
		sr_write_u64(w, b->retrieve.nft_version);
		sr_write_xpk(w, &b->retrieve.to);
		return;
	case VAULT_OP_TICKET_CLOSE:
		sr_write_hash(w, &b->ticket_close.ticket);
		return;
	case VAULT_OP_SWITCH_CREATE:
		bytes_write(w, &b->switch_create.name);
		vault_switch_settings_write(w, &b->switch_create.settings);
		return;
	case VAULT_OP_SWITCH_HEARTBEAT:
	case VAULT_OP_SWITCH_VETO:
	case VAULT_OP_SWITCH_CONFIRM:
	case VAULT_OP_SWITCH_DURESS:
	case VAULT_OP_SWITCH_CANCEL:
		sr_write_u64(w, b->switch_ref.switch_id);
		return;
	case VAULT_OP_SWITCH_PAUSE:
		sr_write_u64(w, b->switch_pause.switch_id);
		sr_write_u64(w, b->switch_pause.until_ms);
		return;
	case VAULT_OP_SWITCH_DELEGATE:
		sr_write_u64(w, b->switch_delegate.switch_id);
		sr_write_bool(w, b->switch_delegate.add);
		vault_account_write(w, &b->switch_delegate.to);
		sr_write_u64(w, b->switch_delegate.until_ms);
		return;
	case VAULT_OP_ATTEST_SUBMIT:
		bytes_write(w, &b->attest_submit.url);
		bytes_write(w, &b->attest_submit.evidence);
		return;
	case VAULT_OP_MEMBER_FIRST:
		break;
	}
	sr_writer_fail(w, SR_ERR_BAD_KIND);
}

/* NFT ids start at 1; 0 means "none" wherever one is optional. */
static uint64_t nft_id_read(struct sr_reader *r)
{
	return range_read(r, 1, UINT64_MAX);
}

static void body_read(union vault_op_body *b, enum vault_op_kind kind, struct sr_reader *r)
{
	switch (kind) {
	case VAULT_OP_COLLECTION_CREATE:
		name_read(&b->collection_create.name, r, false);
		return;
	case VAULT_OP_NFT_MINT:
		b->nft_mint.collection_id = sr_read_u64(r);
		vault_account_read(&b->nft_mint.to, r, false);
		name_read(&b->nft_mint.name, r, false);
		return;
	case VAULT_OP_NFT_TRANSFER:
		b->nft_transfer.nft_id = nft_id_read(r);
		b->nft_transfer.nft_version = sr_read_u64(r);
		vault_account_read(&b->nft_transfer.to, r, false);
		return;
	case VAULT_OP_NFT_APPROVE:
		b->nft_approve.nft_id = nft_id_read(r);
		b->nft_approve.nft_version = sr_read_u64(r);
		vault_account_read(&b->nft_approve.to, r, true);
		return;
	case VAULT_OP_NFT_BURN:
		b->nft_burn.nft_id = nft_id_read(r);
		b->nft_burn.nft_version = sr_read_u64(r);
		return;
	case VAULT_OP_SECRET_PUT:
	case VAULT_OP_SECRET_UPDATE:
		secret_put_read(&b->secret_put, r, kind == VAULT_OP_SECRET_UPDATE);
		return;
	case VAULT_OP_SECRET_RESTORE:
		id_read(&b->secret_restore.id, r);
		b->secret_restore.version = range_read(r, 1, UINT64_MAX - 1);
		b->secret_restore.from_version = range_read(r, 1, UINT64_MAX - 1);
		vault_wrapped_key_read(&b->secret_restore.key, r);
		return;
	case VAULT_OP_SECRET_POLICY:
		id_read(&b->secret_policy.id, r);
		b->secret_policy.version = range_read(r, 1, UINT64_MAX - 1);
		policy_read(&b->secret_policy.policy, r, false);
		vault_wrapped_key_read(&b->secret_policy.key, r);
		return;
	case VAULT_OP_SECRET_DELETE:
		id_read(&b->secret_delete.id, r);
		b->secret_delete.version = range_read(r, 1, UINT64_MAX - 1);
		return;
	case VAULT_OP_RETRIEVE:
		retrieve_read(&b->retrieve, r);
		return;
	case VAULT_OP_TICKET_CLOSE:
		b->ticket_close.ticket = sr_read_hash(r);
		return;
	case VAULT_OP_SWITCH_CREATE:
		name_read(&b->switch_create.name, r, false);
		vault_switch_settings_read(&b->switch_create.settings, r);
		return;
	case VAULT_OP_SWITCH_HEARTBEAT:
	case VAULT_OP_SWITCH_VETO:
	case VAULT_OP_SWITCH_CONFIRM:
	case VAULT_OP_SWITCH_DURESS:
	case VAULT_OP_SWITCH_CANCEL:
		b->switch_ref.switch_id = sr_read_u64(r);
		return;
	case VAULT_OP_SWITCH_PAUSE:
		b->switch_pause.switch_id = sr_read_u64(r);
		b->switch_pause.until_ms = sr_read_u64(r);
		return;
	case VAULT_OP_SWITCH_DELEGATE:
		delegate_read(&b->switch_delegate, r);
		return;
	case VAULT_OP_ATTEST_SUBMIT:
		attest_submit_read(&b->attest_submit, r);
		return;
	case VAULT_OP_MEMBER_FIRST:
		break;
	}
	sr_reader_fail(r, SR_ERR_BAD_KIND);
}

enum sr_error vault_op_body_decode(union vault_op_body *body, enum vault_op_kind kind,
    struct sr_bytes bytes)
{
	struct sr_reader r;

	memset(body, 0, sizeof *body);
	if (bytes.n > SR_OP_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, bytes.p, bytes.n);
	body_read(body, kind, &r);
	return sr_reader_finish(&r);
}

/* --- the whole operation --- */

static void signed_head_write(struct sr_writer *w, const struct sr_hash32 *chain_id, uint64_t epoch,
    const struct vault_account *account, uint64_t nonce, uint64_t expiry_ms, unsigned kind)
{
	if (kind > UINT16_MAX)
		sr_writer_fail(w, SR_ERR_BAD_KIND);
	if (account->kind == VAULT_ACCOUNT_NONE)
		sr_writer_fail(w, SR_ERR_EMPTY);
	sr_write_u8(w, VAULT_OP_VERSION);
	sr_write_hash(w, chain_id);
	sr_write_u64(w, epoch);
	vault_account_write(w, account);
	sr_write_u64(w, nonce);
	sr_write_u64(w, expiry_ms);
	sr_write_u16(w, (uint16_t)kind);
}

void vault_op_write_signed_raw(struct sr_writer *w, const struct sr_hash32 *chain_id,
    uint64_t epoch, const struct vault_account *account, uint64_t nonce, uint64_t expiry_ms,
    unsigned kind, struct sr_bytes body)
{
	signed_head_write(w, chain_id, epoch, account, nonce, expiry_ms, kind);
	bytes_write(w, &body);
}

void vault_op_write_signed(struct sr_writer *w, const struct sr_hash32 *chain_id, uint64_t epoch,
    const struct vault_account *account, uint64_t nonce, uint64_t expiry_ms,
    enum vault_op_kind kind, const union vault_op_body *body)
{
	size_t length_at;
	uint64_t n;

	signed_head_write(w, chain_id, epoch, account, nonce, expiry_ms, kind);
	length_at = w->n;
	sr_write_u32(w, 0);
	vault_op_body_write(w, kind, body);
	if (w->error != SR_OK)
		return;
	/* The length is only known now; patching it saves a second buffer and a copy. */
	n = w->n - length_at - 4;
	for (unsigned i = 0; i < 4; i++)
		w->p[length_at + i] = (uint8_t)(n >> (8 * i));
}

void vault_op_write_signature(struct sr_writer *w, const uint8_t *signature, size_t n)
{
	if (n != 64 && n != 65)
		sr_writer_fail(w, SR_ERR_BAD_SIGNATURE);
	else
		sr_write_copy(w, signature, n);
}

enum sr_error vault_op_decode_unhashed(struct vault_op *op, const uint8_t *bytes, size_t n)
{
	struct sr_reader r;

	memset(op, 0, sizeof *op);
	if (n > SR_OP_MAX)
		return SR_ERR_TOO_LONG;
	sr_reader_init(&r, bytes, n);
	if (sr_read_u8(&r) != VAULT_OP_VERSION)
		sr_reader_fail(&r, SR_ERR_BAD_VERSION);
	op->chain_id = sr_read_hash(&r);
	op->epoch = sr_read_u64(&r);
	vault_account_read(&op->account, &r, false);
	op->nonce = sr_read_u64(&r);
	op->expiry_ms = sr_read_u64(&r);
	op->kind = (enum vault_op_kind)sr_read_u16(&r);
	op->body = sr_read_blob(&r, SR_OP_MAX);
	if (r.error == SR_OK)
		op->signed_bytes = (struct sr_bytes){ bytes, n - r.left };
	op->signature_n = op->account.kind == VAULT_ACCOUNT_ETHEREUM ? 65 : 64;
	sr_read_copy(&r, op->signature, op->signature_n);
	/* One signature, one encoding: a wallet's other forms of v are the client's to convert. */
	if (r.error == SR_OK && op->signature_n == 65 && op->signature[64] != 27 &&
	    op->signature[64] != 28)
		sr_reader_fail(&r, SR_ERR_BAD_ENCODING);
	return sr_reader_finish(&r);
}

enum sr_error vault_op_decode(struct vault_op *op, const uint8_t *bytes, size_t n)
{
	struct sr_bytes whole = { bytes, n };

	SR_TRY(vault_op_decode_unhashed(op, bytes, n));
	op->hash = sr_hash_domain("strongroom op hash v1", &whole, 1);
	return SR_OK;
}

void vault_op_ethereum_text(char out[96], const struct sr_bytes *signed_bytes)
{
	static const char first_line[] = "Strongroom operation\n";
	struct sr_hash32 h = sr_hash_domain("strongroom op v1", signed_bytes, 1);

	memcpy(out, first_line, sizeof first_line - 1);
	sr_hex_encode(out + sizeof first_line - 1, h.b, sizeof h.b);
}

const char *vault_op_kind_name(unsigned kind)
{
	static const struct {
		unsigned kind;
		const char *name;
	} names[] = {
		{ VAULT_OP_COLLECTION_CREATE, "collection_create" },
		{ VAULT_OP_NFT_MINT, "nft_mint" },
		{ VAULT_OP_NFT_TRANSFER, "nft_transfer" },
		{ VAULT_OP_NFT_APPROVE, "nft_approve" },
		{ VAULT_OP_NFT_BURN, "nft_burn" },
		{ VAULT_OP_SECRET_PUT, "secret_put" },
		{ VAULT_OP_SECRET_UPDATE, "secret_update" },
		{ VAULT_OP_SECRET_RESTORE, "secret_restore" },
		{ VAULT_OP_SECRET_POLICY, "secret_policy" },
		{ VAULT_OP_SECRET_DELETE, "secret_delete" },
		{ VAULT_OP_RETRIEVE, "retrieve" },
		{ VAULT_OP_TICKET_CLOSE, "ticket_close" },
		{ VAULT_OP_SWITCH_CREATE, "switch_create" },
		{ VAULT_OP_SWITCH_HEARTBEAT, "switch_heartbeat" },
		{ VAULT_OP_SWITCH_PAUSE, "switch_pause" },
		{ VAULT_OP_SWITCH_VETO, "switch_veto" },
		{ VAULT_OP_SWITCH_CONFIRM, "switch_confirm" },
		{ VAULT_OP_SWITCH_DURESS, "switch_duress" },
		{ VAULT_OP_SWITCH_CANCEL, "switch_cancel" },
		{ VAULT_OP_SWITCH_DELEGATE, "switch_delegate" },
		{ VAULT_OP_ATTEST_SUBMIT, "attest_submit" },
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].kind == kind)
			return names[i].name;
	return kind >= VAULT_OP_MEMBER_FIRST && kind <= UINT16_MAX ? "member" : "unknown";
}
