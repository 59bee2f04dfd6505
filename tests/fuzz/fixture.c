#include "tests/fuzz/fixture.h"

#include <stdlib.h>
#include <string.h>

#include "enclave/internal.h"
#include "tests/fuzz/fuzz.h"
#include "vault/policy.h"

#define KIND_MAX 12u            /* of each kind of message */
#define MESSAGE_MAX 3500u       /* longer ones make poor seeds */
#define KINDS 128u

static struct fixture *made;

static struct sr_bytes text(const char *s)
{
	return (struct sr_bytes){ (const uint8_t *)s, strlen(s) };
}

/* The core's kind, and consensus' own for what it carries. */
static unsigned kind_of(const uint8_t *msg, size_t n)
{
	return (msg[0] * 16u + (msg[0] == CORE_CONSENSUS && n > 10 ? msg[10] : 0u)) % KINDS;
}

/* Sent to all: kept once. */
static bool kept_already(const struct fixture_bag *bag, const uint8_t *msg, size_t n)
{
	for (size_t i = 0; i < bag->n; i++) {
		if (bag->list[i].n == n && memcmp(bag->list[i].p, msg, n) == 0)
			return true;
	}
	return false;
}

static bool message_keep(void *ctx, struct cluster *c, uint32_t from, uint32_t to,
    const uint8_t *msg, size_t n, uint64_t *delay_ms)
{
	static unsigned count[KINDS];
	struct fixture_bag *bag = &((struct fixture *)ctx)->messages;
	(void)c, (void)delay_ms;
	if (n == 0 || n > MESSAGE_MAX || kept_already(bag, msg, n) ||
	    count[kind_of(msg, n)]++ >= KIND_MAX)
		return true;
	bag->list = realloc(bag->list, (bag->n + 1) * sizeof(*bag->list));
	FUZZ_CHECK(bag->list != NULL);
	struct fixture_message m = { from, to, malloc(n), n };
	FUZZ_CHECK(m.p != NULL);
	memcpy(m.p, msg, n);
	bag->list[bag->n++] = m;
	return true;
}

static void secret_put(struct fixture *f)
{
	uint8_t policy_bytes[64] = { 1, VAULT_POLICY_HOLDER, (uint8_t)f->nft };
	struct vault_receipt receipt;
	struct sr_hash32 policy_hash, label;
	struct shamir_tdh2_ct ct;
	struct sr_key32 kem;
	struct sr_writer w;
	union vault_op_body b;
	struct sr_point y;
	memset(&b, 0, sizeof(b));
	f->secret = vault_secret_id_derive(&f->c->genesis->chain_id, &f->alice.account,
	    f->alice.nonce);
	b.secret_put.id = f->secret;
	b.secret_put.name = text("will");
	b.secret_put.policy = (struct sr_bytes){ policy_bytes, 10 };
	policy_hash = vault_policy_hash(b.secret_put.policy);
	label = vault_label(&f->c->genesis->chain_id, &f->secret, &f->alice.account, &policy_hash);
	FUZZ_CHECK(sr_point_decode(&y, f->epoch.vault_key) == SR_OK);
	FUZZ_CHECK(shamir_tdh2_encrypt(&ct, &kem, &y, label.b, 32, &f->c->drbg) == SR_OK);
	sr_writer_init(&w, VAULT_TDH2_BYTES);
	shamir_tdh2_ct_write(&w, &ct);
	FUZZ_CHECK(sr_writer_finish(&w) == SR_OK);
	memcpy(b.secret_put.key.tdh2, w.p, w.n);
	sr_writer_clear(&w);
	b.secret_put.payload = (struct vault_payload){ .plain_bytes = 16, .inlined = true,
		.inline_bytes = text("0123456789abcdef0123456789abcdef") };
	FUZZ_CHECK(cluster_submit(f->c, 1, &f->alice, VAULT_OP_SECRET_PUT, &b, &receipt) == SR_OK);
}

static void secret_open(struct fixture *f)
{
	union vault_op_body b = { .retrieve = { .id = f->secret, .nft_id = f->nft,
		.nft_version = 1, .to = { { 9 } } } };
	struct vault_receipt receipt;
	enum sr_error code;
	uint8_t *answer;
	size_t n;
	FUZZ_CHECK(cluster_submit(f->c, 2, &f->bob, VAULT_OP_RETRIEVE, &b, &receipt) == SR_OK);
	f->ticket = receipt.op;
	FUZZ_CHECK(cluster_ask(f->c, 0, CLIENT_SHARE, f->ticket.b, 32, &code, &answer, &n, 60000)
	    == SR_OK);
	free(answer);
}

static struct sr_bytes answer_of(struct fixture *f, enum client_method method)
{
	static const uint8_t newest[8];
	size_t token = cluster_request(f->c, 0, method, newest, method == CLIENT_BLOCK ? 8 : 0);
	cluster_run(f->c, 2000);
	FUZZ_CHECK(f->c->replies[token].done && f->c->replies[token].code == SR_OK);
	return (struct sr_bytes){ f->c->replies[token].p, f->c->replies[token].n };
}

/* What only the enclaves know, and a member who breaks his own. */
static void keys_take(struct fixture *f)
{
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		f->vote[i] = f->c->nodes[i].core->keys->now.vote;
	f->shielding = f->c->nodes[0].core->keys->now.shielding;
	f->epoch = *enclave_core_epoch(f->c->nodes[0].core);
	FUZZ_CHECK(f->epoch.epoch == 1);
}

/* One that was away asks the others for what it has missed. */
static void catch_up(struct fixture *f)
{
	union vault_op_body b = { .nft_mint = { 0, f->bob.account, text("another") } };
	struct vault_receipt receipt;
	cluster_kill(f->c, 3, true);
	for (unsigned i = 0; i < 3; i++)
		FUZZ_CHECK(cluster_submit(f->c, 0, &f->alice, VAULT_OP_NFT_MINT, &b, &receipt) ==
		    SR_OK);
	cluster_run(f->c, 10000);
	cluster_start(f->c, 3);
	cluster_run(f->c, 5000);
}

const struct fixture *fixture(void)
{
	struct vault_receipt receipt;
	if (made)
		return made;
	struct fixture *f = calloc(1, sizeof(*f));
	FUZZ_CHECK(f != NULL);
	f->c = cluster_new(&(struct cluster_options){ .n = FIXTURE_NODES, .seed = FIXTURE_SEED });
	f->c->quiet = true;
	f->c->hooks = (struct cluster_hooks){ .ctx = f, .message = message_keep };
	cluster_start_all(f->c);
	FUZZ_CHECK(cluster_run_epoch(f->c, 1, 60000));
	keys_take(f);
	cluster_key_make(&f->alice, f->c);
	cluster_key_make(&f->bob, f->c);
	union vault_op_body b = { .nft_mint = { 0, f->bob.account, text("key") } };
	FUZZ_CHECK(cluster_submit(f->c, 0, &f->alice, VAULT_OP_NFT_MINT, &b, &receipt) == SR_OK);
	f->nft = receipt.id;
	secret_put(f);
	secret_open(f);
	cluster_trail_fetch(f->c, 0, 0);
	f->trail = (struct sr_bytes){ f->c->nodes[0].trail, f->c->nodes[0].trail_n };
	/* The fixture's now: node 0 is started again without it. */
	f->c->nodes[0].trail = NULL;
	f->status = answer_of(f, CLIENT_STATUS);
	f->block = answer_of(f, CLIENT_BLOCK);
	catch_up(f);
	/* In order, with a checkpoint: they boot fast. The last one has its whole log to replay. */
	for (uint32_t i = 0; i < FIXTURE_NODES; i++) {
		if (i + 1 < FIXTURE_NODES)
			cluster_event(f->c, i, &(struct enclave_event){ .kind = ENCLAVE_EV_STOP });
		cluster_kill(f->c, i, true);
	}
	f->c->hooks = (struct cluster_hooks){ 0 };
	return made = f;
}

static uint8_t *copy(const uint8_t *p, size_t n)
{
	uint8_t *out = malloc(n ? n : 1);
	FUZZ_CHECK(out != NULL);
	if (n > 0)
		memcpy(out, p, n);
	return out;
}

static void disk_copy(struct cluster_node *to, const struct cluster_node *from)
{
	free(to->identity);
	to->identity = copy(from->identity, from->identity_n);
	to->identity_n = from->identity_n;
	to->store.list = calloc(from->store.n + 1, sizeof(*to->store.list));
	to->log.list = calloc(from->log.n + 1, sizeof(*to->log.list));
	to->archive = calloc(from->archive_n + 1, sizeof(*to->archive));
	FUZZ_CHECK(to->store.list && to->log.list && to->archive);
	to->store.n = to->store.capacity = from->store.n;
	to->log.n = to->log.capacity = to->log.synced = from->log.n;
	to->archive_n = to->archive_capacity = from->archive_n;
	for (size_t i = 0; i < from->store.n; i++) {
		const struct cluster_row *r = &from->store.list[i];
		to->store.list[i] = (struct cluster_row){ copy(r->key, r->key_n),
			copy(r->value, r->value_n), r->key_n, r->value_n };
	}
	for (size_t i = 0; i < from->log.n; i++) {
		const struct cluster_record *r = &from->log.list[i];
		to->log.list[i] = (struct cluster_record){ copy(r->p, r->n), r->n };
	}
	for (size_t i = 0; i < from->archive_n; i++) {
		to->archive[i] = from->archive[i];
		to->archive[i].row = copy(from->archive[i].row, from->archive[i].n);
	}
}

struct cluster *fixture_cluster(void)
{
	const struct fixture *f = fixture();
	struct cluster *c =
	    cluster_new(&(struct cluster_options){ .n = FIXTURE_NODES, .seed = FIXTURE_SEED });
	c->quiet = true;
	c->now_ms = f->c->now_ms;
	for (uint32_t i = 0; i < FIXTURE_NODES; i++)
		disk_copy(&c->nodes[i], &f->c->nodes[i]);
	return c;
}
