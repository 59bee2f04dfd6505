#include "tests/lib/vault_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- hooks --- */

static enum sr_error fake_key_check(
    const uint8_t tdh2[VAULT_TDH2_BYTES], const struct sr_hash32 *label)
{
	return memcmp(tdh2, label->b, sizeof label->b) == 0 ? SR_OK : SR_ERR_BAD_CIPHERTEXT;
}

/* What a real one can't be: its first commitment is the label. */
static enum sr_error fake_dealt_check(const struct vault_dealt *dealt,
    const struct sr_hash32 *label)
{
	return memcmp(dealt->commitments[0], label->b, sizeof label->b) == 0 ? SR_OK :
	    SR_ERR_BAD_PROOF;
}

static enum sr_error fake_ethereum_recover(uint8_t address[20], const char *text, size_t text_n,
    const uint8_t signature[65])
{
	(void)text, (void)text_n, (void)signature;
	memset(address, 0, 20);
	return SR_ERR_BAD_SIGNATURE;
}

/* --- the world --- */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "vault_world: %s\n", what);
	abort();
}

struct vault_world *world_new(void)
{
	struct vault_world *w = calloc(1, sizeof *w);

	must(w != NULL, "memory");
	w->hooks = (struct vault_hooks){ fake_ethereum_recover, fake_key_check,
		fake_dealt_check };
	w->roster.n = WORLD_MEMBERS;
	for (uint32_t i = 0; i < WORLD_MEMBERS; i++) {
		w->roster.members[i].seat = i;
		memset(w->roster.members[i].box_key, (int)i + 1, 32);
	}
	w->block.roster = &w->roster;
	for (unsigned i = 0; i < WORLD_PEOPLE; i++) {
		struct sr_key32 seed;
		struct sr_edpk pk;

		memset(&seed, (int)i + 1, sizeof seed);
		sr_ed25519_keypair(&w->sk[i], &pk, &seed);
		w->who[i].kind = VAULT_ACCOUNT_ED25519;
		memcpy(w->who[i].b, pk.b, sizeof pk.b);
	}
	memset(w->block.chain_id.b, 0xc1, sizeof w->block.chain_id.b);
	w->block.epoch = 3;
	w->block.time_ms = WORLD_START_MS;
	w->block.members_n = 4;
	w->block.ingress_ok = true;
	w->block.hooks = &w->hooks;
	must(vault_genesis(&w->t, WORLD_START_MS) == SR_OK, "genesis");
	world_block(w, WORLD_SLOT_MS);
	return w;
}

void world_free(struct vault_world *w)
{
	vault_tree_unref(w->t);
	free(w->bytes);
	free(w);
}

void world_block(struct vault_world *w, uint64_t dt_ms)
{
	w->block.parent_time_ms = w->block.time_ms;
	w->block.time_ms += dt_ms;
	w->block.height++;
	must(vault_begin_block(&w->t, &w->block) == SR_OK, "begin_block");
}

void world_pass(struct vault_world *w, uint64_t for_ms)
{
	for (; for_ms > WORLD_SLOT_MS; for_ms -= WORLD_SLOT_MS)
		world_block(w, WORLD_SLOT_MS);
	if (for_ms > 0)
		world_block(w, for_ms);
}

void world_pass_deaf(struct vault_world *w, uint64_t for_ms)
{
	w->block.ingress_ok = false;
	world_pass(w, for_ms);
	w->block.ingress_ok = true;
}

/* --- operations --- */

void world_sign_as(struct vault_world *w, unsigned who, enum vault_op_kind kind,
    const union vault_op_body *body, uint64_t nonce, uint64_t expiry_ms)
{
	struct sr_writer out;
	struct sr_sig64 sig;

	sr_writer_init(&out, SR_OP_MAX);
	vault_op_write_signed(
	    &out, &w->block.chain_id, w->block.epoch, &w->who[who], nonce, expiry_ms, kind, body);
	sr_sign(&sig, &w->sk[who], "strongroom op v1", out.p, out.n);
	vault_op_write_signature(&out, sig.b, sizeof sig.b);
	must(sr_writer_finish(&out) == SR_OK, "encoding an operation");
	free(w->bytes);
	w->bytes = sr_writer_take(&out, &w->bytes_n);
}

void world_sign(struct vault_world *w, unsigned who, enum vault_op_kind kind,
    const union vault_op_body *body)
{
	world_sign_as(w, who, kind, body, world_nonce(w, who), w->block.time_ms + 60000);
}

enum sr_error world_apply(struct vault_world *w)
{
	struct sr_hash32 before = world_root(w), after;
	enum sr_error code;

	memset(&w->receipt, 0, sizeof w->receipt);
	SR_TRY(vault_op_check(&w->op, &w->block, w->bytes, w->bytes_n));
	SR_TRY(vault_apply(&w->t, &w->receipt, &w->block, &w->op));
	code = sr_error_from_number(w->receipt.code);
	after = world_root(w);
	/* A block's author drops operations by their code: a code must never mean both. */
	must(sr_hash32_equal(&before, &after) == vault_code_is_traceless(code),
	    "the code does not say whether the state changed");
	return code;
}

enum sr_error world_do(struct vault_world *w, unsigned who, enum vault_op_kind kind,
    const union vault_op_body *body)
{
	world_sign(w, who, kind, body);
	return world_apply(w);
}

/* --- what a refusal may change --- */

struct trace {
	struct vault_key account, receipt;
	bool nonce, kept, other;
};

static void trace_visit(void *ctx, const struct vault_key *key, struct sr_bytes after)
{
	struct trace *trace = ctx;
	uint8_t type = key->b[0];

	if (memcmp(key, &trace->account, sizeof *key) == 0)
		trace->nonce = true;
	else if (memcmp(key, &trace->receipt, sizeof *key) == 0)
		trace->kept = after.p != NULL;
	else if (type == VAULT_REC_META || type == VAULT_REC_EVENT || type == VAULT_REC_DEADLINE)
		return;
	else {
		trace->other = true;
		fprintf(stderr, "a refusal changed a record of type '%c'\n", type);
	}
}

static struct vault_account_record account_of(const struct vault_world *w, unsigned who)
{
	struct vault_account_record record = { 0 };
	struct vault_key key = vault_key_account(&w->who[who]);
	struct sr_bytes value = vault_tree_get(w->t, &key);
	struct sr_reader r;

	if (value.p == NULL)
		return record;
	sr_reader_init(&r, value.p, value.n);
	vault_account_record_read(&record, &r);
	must(sr_reader_finish(&r) == SR_OK, "an account record");
	return record;
}

bool world_refuses(struct vault_world *w, enum sr_error code, unsigned who, enum vault_op_kind kind,
    const union vault_op_body *body)
{
	struct vault_tree *before = vault_tree_ref(w->t);
	struct vault_account_record was = account_of(w, who), is;
	struct vault_meta meta = world_meta(w), meta_after;
	struct trace trace = { .account = vault_key_account(&w->who[who]) };
	enum sr_error said = world_do(w, who, kind, body);

	trace.receipt = vault_key_hash(VAULT_REC_RECEIPT, &w->op.hash);
	vault_tree_diff(before, w->t, trace_visit, &trace);
	vault_tree_unref(before);
	is = account_of(w, who);
	meta_after = world_meta(w);
	meta_after.events = meta.events;
	if (said != code)
		fprintf(stderr, "refused with %s instead of %s\n", sr_error_name(said),
		    sr_error_name(code));
	return said == code && trace.nonce && trace.kept && !trace.other
	    && is.nonce == was.nonce + 1 && is.nfts == was.nfts && is.secrets == was.secrets
	    && is.switches == was.switches && memcmp(&meta, &meta_after, sizeof meta) == 0;
}

/* --- looking --- */

uint64_t world_nonce(const struct vault_world *w, unsigned who)
{
	return account_of(w, who).nonce;
}

struct sr_hash32 world_root(struct vault_world *w)
{
	return vault_tree_root(w->t);
}

#define LOOK(name, type, result, params, key_expr)                                                 \
	result world_##name params                                                                 \
	{                                                                                          \
		struct vault_key key = key_expr;                                                   \
		struct sr_bytes value = vault_tree_get(w->t, &key);                                \
		struct sr_reader r;                                                                \
		result v;                                                                          \
		must(value.p != NULL, "no such " #name);                                           \
		sr_reader_init(&r, value.p, value.n);                                              \
		vault_##name##_read(&v, &r);                                                       \
		must(sr_reader_finish(&r) == SR_OK, "a record of " #name);                         \
		return v;                                                                          \
	}

LOOK(meta, meta, struct vault_meta, (const struct vault_world *w), vault_key_meta())
LOOK(nft, nft, struct vault_nft, (const struct vault_world *w, uint64_t id),
    vault_key_number(VAULT_REC_NFT, id))
LOOK(switch, switch, struct vault_switch, (const struct vault_world *w, uint64_t id),
    vault_key_number(VAULT_REC_SWITCH, id))
LOOK(secret, secret, struct vault_secret,
    (const struct vault_world *w, const struct vault_secret_id *id), vault_key_secret(id))

bool world_has(const struct vault_world *w, struct vault_key key)
{
	return vault_tree_get(w->t, &key).p != NULL;
}

static bool count_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	(void)key, (void)value;
	++*(unsigned *)ctx;
	return true;
}

unsigned world_count(const struct vault_world *w, enum vault_record_type type)
{
	struct vault_key from = { { (uint8_t)type } };
	unsigned n = 0;

	vault_tree_walk(w->t, &from, 1, count_visit, &n);
	return n;
}

struct event_count { enum vault_event_kind kind; unsigned n; };

static bool event_visit(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct event_count *count = ctx;
	struct vault_event e;
	struct sr_reader r;

	(void)key;
	sr_reader_init(&r, value.p, value.n);
	vault_event_read(&e, &r);
	must(sr_reader_finish(&r) == SR_OK, "an event");
	count->n += e.kind == count->kind;
	return true;
}

unsigned world_events(const struct vault_world *w, enum vault_event_kind kind,
    enum vault_subject subject, const uint8_t subject_id[16])
{
	struct vault_key from = vault_key_event(subject, subject_id, 0);
	struct event_count count = { .kind = kind };

	vault_tree_walk(w->t, &from, 18, event_visit, &count);
	return count.n;
}

unsigned world_switch_events(const struct vault_world *w, enum vault_event_kind kind, uint64_t id)
{
	uint8_t subject_id[16] = { 0 };

	for (unsigned i = 0; i < 8; i++)
		subject_id[i] = (uint8_t)(id >> (8 * i));
	return world_events(w, kind, VAULT_SUBJECT_SWITCH, subject_id);
}

unsigned world_secret_events(const struct vault_world *w, enum vault_event_kind kind,
    const struct vault_secret_id *id)
{
	return world_events(w, kind, VAULT_SUBJECT_SECRET, id->b);
}

/* --- shorthands --- */

static struct sr_bytes text_bytes(const char *text)
{
	return (struct sr_bytes){ (const uint8_t *)text, strlen(text) };
}

enum sr_error world_mint(struct vault_world *w, unsigned who, unsigned to, uint64_t *id)
{
	union vault_op_body b = { .nft_mint = { 0, w->who[to], text_bytes("thing") } };
	enum sr_error code = world_do(w, who, VAULT_OP_NFT_MINT, &b);

	if (id != NULL)
		*id = w->receipt.id;
	return code;
}

enum sr_error world_transfer(struct vault_world *w, unsigned who, uint64_t nft, uint64_t version,
    unsigned to)
{
	union vault_op_body b = { .nft_transfer = { nft, version, w->who[to] } };

	return world_do(w, who, VAULT_OP_NFT_TRANSFER, &b);
}

struct sr_bytes world_policy(uint8_t *out, const char *text)
{
	struct vault_policy policy;
	struct sr_writer w;
	size_t at, n;

	if (vault_policy_parse(&policy, &at, text, strlen(text)) != SR_OK)
		fprintf(stderr, "policy: %s\n", text);
	must(vault_policy_parse(&policy, &at, text, strlen(text)) == SR_OK, "a policy's text");
	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&w, &policy);
	must(sr_writer_finish(&w) == SR_OK, "a policy");
	n = w.n;
	memcpy(out, w.p, n);
	sr_writer_clear(&w);
	return (struct sr_bytes){ out, n };
}

struct vault_wrapped_key world_key(struct vault_world *w, const struct vault_secret_id *id,
    unsigned owner, struct sr_bytes policy)
{
	struct sr_hash32 hash = vault_policy_hash(policy);
	struct sr_hash32 label = vault_label(&w->block.chain_id, id, &w->who[owner], &hash);
	struct vault_wrapped_key key;

	memset(&key, ++w->salt, sizeof key);
	memcpy(key.tdh2, label.b, sizeof label.b);
	key.dealt = (struct sr_bytes){ NULL, 0 };
	return key;
}

struct vault_dealt world_dealt(struct vault_world *w, const struct vault_secret_id *id,
    unsigned owner, struct sr_bytes policy, uint32_t threshold, const uint32_t *seats, uint32_t n)
{
	struct sr_hash32 hash = vault_policy_hash(policy);
	struct sr_hash32 label = vault_label(&w->block.chain_id, id, &w->who[owner], &hash);
	struct vault_dealt d;

	memset(&d, 0, sizeof d);
	d.threshold = threshold;
	d.holders_n = n;
	for (uint32_t i = 0; i < n; i++) {
		d.holders[i].seat = seats[i];
		memset(d.holders[i].key, (int)seats[i] + 1, sizeof d.holders[i].key);
		memset(d.holders[i].box, ++w->salt, sizeof d.holders[i].box);
	}
	for (uint32_t k = 0; k < threshold; k++)
		memcpy(d.commitments[k], label.b, sizeof label.b);
	memset(d.proof, ++w->salt, sizeof d.proof);
	return d;
}

struct vault_wrapped_key world_dealt_key(uint8_t *bytes, const struct vault_dealt *dealt)
{
	struct vault_wrapped_key key;
	struct sr_writer out;

	memset(&key, 0, sizeof key);
	sr_writer_init(&out, VAULT_DEALT_BYTES_MAX);
	vault_dealt_write(&out, dealt);
	must(sr_writer_finish(&out) == SR_OK, "a dealing");
	memcpy(bytes, out.p, out.n);
	key.dealt = (struct sr_bytes){ bytes, out.n };
	sr_writer_clear(&out);
	return key;
}

struct vault_payload world_payload(const char *text)
{
	return (struct vault_payload){ .plain_bytes = 256, .inlined = true,
		.inline_bytes = text_bytes(text) };
}

union vault_op_body world_put_body(struct vault_world *w, unsigned who, const char *name,
    const char *policy, uint8_t *policy_bytes)
{
	union vault_op_body b;
	struct vault_op_secret_put *put = &b.secret_put;

	memset(&b, 0, sizeof b);
	put->id = vault_secret_id_derive(&w->block.chain_id, &w->who[who], world_nonce(w, who));
	put->name = text_bytes(name);
	put->policy = world_policy(policy_bytes, policy);
	put->key = world_key(w, &put->id, who, put->policy);
	put->payload = world_payload("ciphertext");
	return b;
}

enum sr_error world_put(struct vault_world *w, unsigned who, const char *name, const char *policy,
    struct vault_secret_id *id)
{
	uint8_t bytes[VAULT_POLICY_BYTES_MAX];
	union vault_op_body b = world_put_body(w, who, name, policy, bytes);

	if (id != NULL)
		*id = b.secret_put.id;
	return world_do(w, who, VAULT_OP_SECRET_PUT, &b);
}

enum sr_error world_retrieve(struct vault_world *w, unsigned who, const struct vault_secret_id *id,
    uint64_t nft, uint64_t nft_version, uint8_t to)
{
	union vault_op_body b = { .retrieve = {
				      .id = *id, .nft_id = nft, .nft_version = nft_version } };

	memset(b.retrieve.to.b, to, sizeof b.retrieve.to.b);
	return world_do(w, who, VAULT_OP_RETRIEVE, &b);
}

enum sr_error world_close(struct vault_world *w, unsigned who, const struct sr_hash32 *ticket)
{
	union vault_op_body b = { .ticket_close = { *ticket } };

	return world_do(w, who, VAULT_OP_TICKET_CLOSE, &b);
}

enum sr_error world_switch_op(
    struct vault_world *w, unsigned who, enum vault_op_kind kind, uint64_t id)
{
	union vault_op_body b = { .switch_ref = { id } };

	return world_do(w, who, kind, &b);
}

struct vault_switch_settings world_settings(uint64_t interval_ms, uint64_t grace_ms)
{
	return (struct vault_switch_settings){ .interval_ms = interval_ms, .grace_ms = grace_ms };
}

enum sr_error world_switch_new(struct vault_world *w, unsigned who,
    const struct vault_switch_settings *s, uint64_t *id)
{
	union vault_op_body b = { .switch_create = { text_bytes("will"), *s } };
	enum sr_error code = world_do(w, who, VAULT_OP_SWITCH_CREATE, &b);

	if (id != NULL)
		*id = w->receipt.id;
	return code;
}
