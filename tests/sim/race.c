/*
 * Two devices of one person, with the same keys, that know nothing of each other: both move the
 * same NFT to and fro and change the same secret, as fast as they are answered. NFT and secret are
 * linearisable registers: of the writes of one version exactly one is accepted, none is accepted
 * before one that was acknowledged when it was sent, what is read was written, and in the end each
 * version is from an acknowledged write, or from one whose device gave up asking.
 */
#include <stdlib.h>
#include <string.h>

#include "shamir/tdh2.h"
#include "tests/sim/client.h"

#define DEVICES 2u
#define ACCOUNTS 3u
#define WRITES_MAX 1024u
#define PATIENCE 4u

/* One accepted write; height 0: none is known of. */
struct written {
	uint64_t height;
	uint32_t device, owner, maybe;
	struct sr_hash32 payload, op;
};

/* What the onlooker knows. */
struct sim_race {
	struct client_account accounts[ACCOUNTS];       /* 0 owns the secret */
	uint64_t nft_id, nft_base;
	bool has_nft, has_secret;
	struct vault_secret_id secret;
	struct written moves[WRITES_MAX], changes[WRITES_MAX]; /* by the version they make */
	uint64_t newest;                                /* height acknowledged to anybody */
};

enum step {
	STEP_MINT,
	STEP_PUT,
	STEP_WAIT,
	STEP_LOOK_NFT,
	STEP_LOOK_SECRET,
	STEP_NONCE_MOVE,
	STEP_NONCE_CHANGE,
	STEP_MOVE,
	STEP_CHANGE
};

struct racer {
	struct sim_client client;
	uint32_t device, owner, to;
	enum step step;
	uint64_t version, nonce, newest_when_sent, writes;
	uint32_t refusals;
	struct client_secret secret;
	struct sr_hash32 payload;
};

static void race_go(struct racer *r, enum step step);

static struct racer *racer_of(struct sim_client *c)
{
	return (struct racer *)c;
}

static void submit(struct racer *r, uint32_t account, enum vault_op_kind kind,
    const union vault_op_body *body)
{
	struct client_account a = r->client.sim->race->accounts[account];
	a.nonce = r->nonce;
	r->newest_when_sent = r->client.sim->race->newest;
	r->refusals = 0;
	client_submit(&r->client, &a, kind, body);
}

static void change(struct racer *r, bool put)
{
	struct sim_race *race = r->client.sim->race;
	struct client_account *owner = &race->accounts[0];
	union vault_op_body body = { 0 };
	struct vault_policy policy = { .nodes_n = 1 };
	struct sr_writer w;
	uint8_t payload[96];
	policy.nodes[0].kind = VAULT_POLICY_ACCOUNT;
	policy.nodes[0].account = owner->id;
	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&w, &policy);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	if (put)
		race->secret = vault_secret_id_derive(
		    &r->client.sim->parsed->chain_id, &owner->id, r->nonce);
	r->secret.id = race->secret;
	r->secret.version = put ? 0 : r->version;
	client_secret_body(&r->client, &r->secret, &owner->id, (struct sr_bytes){ w.p, w.n },
	    (struct sr_bytes){ (const uint8_t *)"contested", 9 }, payload, &body.secret_put);
	r->payload = sr_hash(payload, sizeof payload);
	submit(r, 0, put ? VAULT_OP_SECRET_PUT : VAULT_OP_SECRET_UPDATE, &body);
	sr_writer_clear(&w);
}

static void move(struct racer *r)
{
	struct sim_race *race = r->client.sim->race;
	union vault_op_body body = { 0 };
	r->to = (r->owner + 1 + (uint32_t)sim_below(r->client.sim, ACCOUNTS - 1)) % ACCOUNTS;
	body.nft_transfer.nft_id = race->nft_id;
	body.nft_transfer.nft_version = r->version;
	body.nft_transfer.to = race->accounts[r->to].id;
	submit(r, r->owner, VAULT_OP_NFT_TRANSFER, &body);
}

static void mint(struct racer *r)
{
	union vault_op_body body = { 0 };
	body.nft_mint.to = r->client.sim->race->accounts[0].id;
	body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"contested", 9 };
	submit(r, 0, VAULT_OP_NFT_MINT, &body);
}

static void race_go(struct racer *r, enum step step)
{
	struct sim_race *race = r->client.sim->race;
	r->step = step;
	switch (step) {
	case STEP_MINT:
		mint(r);
		break;
	case STEP_PUT:
		change(r, true);
		break;
	case STEP_WAIT:
		client_get_account(&r->client, &race->accounts[0].id);
		break;
	case STEP_LOOK_NFT:
		client_get_number(&r->client, VAULT_GET_NFT, race->nft_id);
		break;
	case STEP_LOOK_SECRET: /* its owner alone may see it; by the state of the model here */
	case STEP_NONCE_CHANGE:
		r->step = STEP_NONCE_CHANGE;
		client_get_account(&r->client, &race->accounts[0].id);
		break;
	case STEP_NONCE_MOVE:
		client_get_account(&r->client, &race->accounts[r->owner].id);
		break;
	case STEP_MOVE:
		move(r);
		break;
	case STEP_CHANGE:
		change(r, false);
		break;
	}
}

static uint64_t newest_version(const struct written *list)
{
	uint64_t v = 1;
	while (v + 1 < WRITES_MAX && (list[v + 1].height != 0 || list[v + 1].maybe > 0))
		v++;
	/* A write that was given up may not have been accepted. */
	while (v > 1 && list[v].height == 0 && list[v].maybe % 2 == 1)
		v--;
	return v;
}

static void race_next(struct racer *r)
{
	const struct sim_race *race = r->client.sim->race;
	if (r->client.finishing || r->writes > 400) {
		client_done(&r->client);
	} else if (!race->has_nft || !race->has_secret) {
		race_go(r, STEP_WAIT);
	} else if (sim_chance(r->client.sim, 500)) {
		race_go(r, STEP_LOOK_NFT);
	} else {
		/* What this device knows may be old: the other one writes, too. */
		uint64_t newest = newest_version(race->changes);
		if (r->version > newest || !sim_chance(r->client.sim, 200))
			r->version = newest;
		race_go(r, STEP_NONCE_CHANGE);
	}
}

/* --- the model --- */

static void accepted(struct racer *r, struct written *list, uint64_t makes, uint32_t owner,
    const struct vault_receipt *receipt)
{
	struct sim *s = r->client.sim;
	uint64_t height = receipt->height;
	if (makes >= WRITES_MAX)
		return;
	struct written *w = &list[makes];
	/* Both devices may have come to the very same operation, which was accepted once. */
	if (w->height == height && sr_hash32_equal(&w->op, &receipt->op))
		return;
	if (w->height != 0)
		sim_violate(s, "I13: two writes of version %llu were accepted, at heights %llu "
			       "and %llu", (unsigned long long)makes,
		    (unsigned long long)w->height, (unsigned long long)height);
	if (height < r->newest_when_sent)
		sim_violate(s, "I13: a write at height %llu, sent after height %llu was known",
		    (unsigned long long)height, (unsigned long long)r->newest_when_sent);
	*w = (struct written){ height, r->device, owner, w->maybe, r->payload, receipt->op };
	if (height > s->race->newest)
		s->race->newest = height;
	r->writes++;
}

static void race_accepted(struct racer *r, const struct vault_receipt *receipt)
{
	struct sim_race *race = r->client.sim->race;
	switch ((unsigned)r->step) {
	case STEP_MINT:
		race->nft_id = receipt->id;
		race->has_nft = true;
		r->nonce = 1;
		race_go(r, STEP_PUT);
		return;
	case STEP_PUT:
		race->has_secret = true;
		accepted(r, race->changes, 1, 0, receipt);
		break;
	case STEP_MOVE:
		accepted(r, race->moves, r->version - race->nft_base + 1, r->to, receipt);
		break;
	default:
		accepted(r, race->changes, r->version + 1, 0, receipt);
		break;
	}
	race_next(r);
}

/* What a member says of the newest blocks is not final: the write may be accepted all the same. */
static void race_give_up(struct racer *r)
{
	struct sim_race *race = r->client.sim->race;
	bool moves = r->step == STEP_MOVE;
	uint64_t makes = moves ? r->version - race->nft_base + 1 : r->version + 1;
	if (makes < WRITES_MAX)
		(moves ? race->moves : race->changes)[makes].maybe++;
	race_next(r);
}

static void race_submitted(struct sim_client *c, enum sr_error code,
    const struct vault_receipt *receipt)
{
	struct racer *r = racer_of(c);
	if (code == SR_OK) {
		race_accepted(r, receipt);
		return;
	}
	/* The other was faster, or this member is behind and knows no better. */
	bool early = r->step == STEP_MINT || r->step == STEP_PUT;
	if (early && receipt != NULL)
		sim_violate(c->sim, "I13: racer: refused: %s", sr_error_name((unsigned)code));
	else if (!early && receipt != NULL)
		race_next(r);
	else if (!early && (code == SR_ERR_NONCE_REPLAYED || ++r->refusals >= PATIENCE))
		race_give_up(r);
}

/* What is read was written: the owner of a version is who it was moved to. */
static void race_looked(struct racer *r, const struct vault_nft *nft)
{
	struct sim *s = r->client.sim;
	struct sim_race *race = s->race;
	if (race->nft_base == 0)
		race->nft_base = nft->version;
	uint64_t v = nft->version - race->nft_base + 1;
	r->owner = ACCOUNTS;
	for (uint32_t i = 0; i < ACCOUNTS; i++)
		if (vault_account_equal(&nft->owner, &race->accounts[i].id))
			r->owner = i;
	if (r->owner == ACCOUNTS || nft->version < race->nft_base)
		sim_violate(s, "I13: the contested NFT is somebody else's");
	else if (v > 1 && v < WRITES_MAX && race->moves[v - 1].height != 0 &&
	    race->moves[v - 1].owner != r->owner)
		sim_violate(s, "I13: version %llu of the NFT was read with another owner",
		    (unsigned long long)nft->version);
	r->version = nft->version;
	if (s->violation[0] == '\0')
		race_go(r, STEP_NONCE_MOVE);
}

static void race_got(struct sim_client *c, struct sr_bytes payload)
{
	struct racer *r = racer_of(c);
	struct vault_account_record record;
	struct vault_nft nft;
	struct sr_reader reader;
	sr_reader_init(&reader, payload.p, payload.n);
	if (r->step == STEP_LOOK_NFT) {
		vault_nft_read(&nft, &reader);
		if (sr_reader_finish(&reader) == SR_OK)
			race_looked(r, &nft);
		return;
	}
	vault_account_record_read(&record, &reader);
	if (sr_reader_finish(&reader) != SR_OK)
		return;
	r->nonce = record.nonce;
	if (r->step == STEP_NONCE_MOVE)
		race_go(r, STEP_MOVE);
	else if (r->step == STEP_NONCE_CHANGE)
		race_go(r, STEP_CHANGE);
	else
		race_next(r);
}

static void race_shared(struct sim_client *c, enum sr_error code, struct sr_bytes payload,
    struct sim_node *from)
{
	(void)c;
	(void)code;
	(void)payload;
	(void)from;
}

static void race_begin(struct sim_client *c)
{
	struct racer *r = racer_of(c);
	if (r->device == 0)
		race_go(r, STEP_MINT);
	else
		race_go(r, STEP_WAIT);
}

static void race_again(struct sim_client *c)
{
	race_go(racer_of(c), racer_of(c)->step);
}

/* --- in the end --- */

static struct sr_bytes record_of(struct vault_tree *state, struct vault_key key)
{
	return vault_tree_get(state, &key);
}

/* Versions first to last have each been written by somebody, and no later one was acknowledged. */
static void versions_check(struct sim *s, const struct written *list, uint64_t first,
    uint64_t last, const char *what)
{
	for (uint64_t v = first; v < WRITES_MAX; v++) {
		if (v <= last && list[v].height == 0 && list[v].maybe == 0)
			sim_violate(s, "I13: nobody wrote version %llu of the %s",
			    (unsigned long long)v, what);
		if (v > last && list[v].height != 0)
			sim_violate(s, "I13: version %llu of the %s was acknowledged and is gone",
			    (unsigned long long)v, what);
	}
}

static void nft_check(struct sim *s, struct vault_tree *state)
{
	const struct sim_race *race = s->race;
	struct sr_bytes value = record_of(state, vault_key_number(VAULT_REC_NFT, race->nft_id));
	struct vault_nft nft = { 0 };
	struct sr_reader r;
	sr_reader_init(&r, value.p, value.n);
	vault_nft_read(&nft, &r);
	if (value.p == NULL || sr_reader_finish(&r) != SR_OK) {
		sim_violate(s, "I13: the contested NFT is gone");
		return;
	}
	uint64_t moves = race->nft_base == 0 ? 0 : nft.version - race->nft_base;
	const struct written *last = &race->moves[moves < WRITES_MAX ? moves : 0];
	versions_check(s, race->moves, 1, moves, "NFT");
	if (last->height != 0 &&
	    !vault_account_equal(&nft.owner, &race->accounts[last->owner].id))
		sim_violate(s, "I13: the NFT is not with whom the last move gave it to");
}

static void changes_check(struct sim *s, struct vault_tree *state)
{
	const struct sim_race *race = s->race;
	struct sr_bytes value = record_of(state, vault_key_secret(&race->secret));
	struct vault_secret secret = { 0 };
	struct vault_version version;
	struct sr_reader r;
	sr_reader_init(&r, value.p, value.n);
	vault_secret_read(&secret, &r);
	if (value.p == NULL || sr_reader_finish(&r) != SR_OK) {
		sim_violate(s, "I13: the contested secret is gone");
		return;
	}
	versions_check(s, race->changes, 1, secret.version, "secret");
	value = record_of(state, vault_key_version(&race->secret, secret.version));
	sr_reader_init(&r, value.p, value.n);
	vault_version_read(&version, &r);
	const struct written *last =
	    &race->changes[secret.version < WRITES_MAX ? secret.version : 0];
	struct sr_hash32 payload =
	    sr_hash(version.payload.inline_bytes.p, version.payload.inline_bytes.n);
	if (value.p == NULL ||
	    (last->height != 0 && !sr_hash32_equal(&payload, &last->payload)))
		sim_violate(s, "I13: the newest version is not what was acknowledged");
}

static void race_check(struct sim_client *c, struct vault_tree *state)
{
	struct sim *s = c->sim;
	/* Until both have had their last answer, a write may be accepted that nobody knows of. */
	for (uint32_t i = 0; i < s->clients_n; i++)
		if (s->clients[i]->kind == c->kind && !s->clients[i]->done)
			return;
	if (s->race->has_nft)
		nft_check(s, state);
	if (s->race->has_secret)
		changes_check(s, state);
}

static const struct client_kind racers = {
	.begin = race_begin, .submitted = race_submitted, .got = race_got,
	.shared = race_shared, .again = race_again, .check = race_check,
};

void sim_race_init(struct sim *s)
{
	s->race = calloc(1, sizeof *s->race);
	SR_ASSERT(s->race != NULL);
	for (uint32_t i = 0; i < ACCOUNTS; i++)
		client_account_init(s, &s->race->accounts[i]);
	for (uint32_t i = 0; i < DEVICES; i++) {
		struct racer *r = calloc(1, sizeof *r);
		SR_ASSERT(r != NULL);
		r->device = i;
		client_add(s, &r->client, &racers);
	}
}
