/*
 * People. Each user owns two accounts and plays one story over and over: mint, put, open, transfer,
 * be refused as the old holder, open as the new one, change the secret, at the end perhaps delete
 * it; some keep a dead-man switch alive, some forget to, and their heir claims a will. Every answer
 * is compared with what must come out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shamir/tdh2.h"
#include "tests/sim/client.h"

#define SWITCH_INTERVAL_MS 6000u
#define SWITCH_GRACE_MS 3000u
#define HEIR_DELAY_MS 700u
#define REFUSALS_MAX 60u

enum stage {
	STAGE_MINT,
	STAGE_SWITCH,
	STAGE_PUT,
	STAGE_WILL,
	STAGE_NFT,
	STAGE_OPEN,
	STAGE_BLOCKED,
	STAGE_SHARES,
	STAGE_CLOSE,
	STAGE_HEARTBEAT,
	STAGE_UPDATE,
	STAGE_TRANSFER,
	STAGE_REFUSED,
	STAGE_REFUSED_SHARE,
	STAGE_CLAIM,
	STAGE_DELETE,
	STAGE_GONE,
	STAGE_NONCE,
	STAGE_DONE,
};

struct sim_user {
	struct sim_client client;
	enum stage stage, after_nonce;
	struct client_account accounts[2];
	uint32_t holder, actor;         /* which account holds the NFT; which one signs now */
	/* forgetful: sends no heartbeat, so that the heir's turn comes */
	bool has_switch, forgetful, lapse, claimed, opening_will, deletes, deleted;
	uint64_t nft_id, nft_version, switch_id, rounds, last_heartbeat, claimed_height;
	uint64_t interval_ms, grace_ms;
	struct client_secret secret, will;
	struct sr_key32 retrieve_sk;
	struct sr_hash32 ticket;
	uint32_t refusals;
	/* shares collected */
	bool trusting;                  /* looks at no share before it combines */
	uint32_t shares_n;
	struct shamir_index indices[SIM_NODES_MAX];
	struct sr_point keys[SIM_NODES_MAX];
	struct shamir_tdh2_share shares[SIM_NODES_MAX];
	bool named[SIM_NODES_MAX];      /* gave a bad share: not asked again */
};

static void user_go(struct sim_user *u, enum stage stage);

static struct sim_user *user_of(struct sim_client *c)
{
	return (struct sim_user *)c; /* its first member */
}

/* --- the story --- */

static void op_submit(struct sim_user *u, enum vault_op_kind kind, const union vault_op_body *body)
{
	u->refusals = 0;
	client_submit(&u->client, &u->accounts[u->actor], kind, body);
}

/* holder(nft), or heir(switch) */
static struct sr_bytes policy_write(struct sr_writer *w, enum vault_policy_kind kind,
    uint64_t number)
{
	struct vault_policy policy = { .nodes_n = 1 };
	policy.nodes[0].kind = kind;
	policy.nodes[0].number = number;
	sr_writer_init(w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(w, &policy);
	SR_ASSERT(sr_writer_finish(w) == SR_OK);
	return (struct sr_bytes){ w->p, w->n };
}

static void user_store(struct sim_user *u, struct client_secret *secret, const char *what)
{
	bool will = secret == &u->will, update = secret->version > 0;
	struct client_account *owner = &u->accounts[0];
	union vault_op_body body = { 0 };
	struct sr_writer policy;
	uint8_t payload[96];
	char name[32];
	struct sr_bytes bytes = policy_write(&policy,
	    will ? VAULT_POLICY_HEIR : VAULT_POLICY_HOLDER, will ? u->switch_id : u->nft_id);
	int name_n = snprintf(name, sizeof name, "%s-%u", what, u->client.index);
	if (!update)
		secret->id = vault_secret_id_derive(
		    &u->client.sim->parsed->chain_id, &owner->id, owner->nonce);
	client_secret_body(&u->client, secret, &owner->id, bytes,
	    (struct sr_bytes){ (const uint8_t *)name, (size_t)name_n }, payload, &body.secret_put);
	op_submit(u, update ? VAULT_OP_SECRET_UPDATE : VAULT_OP_SECRET_PUT, &body);
	sr_writer_clear(&policy);
}

static void user_open(struct sim_user *u, bool will)
{
	union vault_op_body body = { 0 };
	struct sim *s = u->client.sim;
	sim_fill(s, u->retrieve_sk.b, sizeof u->retrieve_sk.b);
	body.retrieve.id = will ? u->will.id : u->secret.id;
	body.retrieve.nft_id = will ? 0 : u->nft_id;
	body.retrieve.nft_version = will ? 0 : u->nft_version;
	sr_x25519_public(&body.retrieve.to, &u->retrieve_sk);
	u->opening_will = will;
	u->shares_n = 0;
	u->trusting = sim_chance(s, 500);
	memset(u->named, 0, sizeof u->named);
	op_submit(u, VAULT_OP_RETRIEVE, &body);
	u->ticket = u->client.op_hash;
}

static void user_transfer(struct sim_user *u)
{
	union vault_op_body body = { 0 };
	body.nft_transfer.nft_id = u->nft_id;
	body.nft_transfer.nft_version = u->nft_version;
	body.nft_transfer.to = u->accounts[1 - u->holder].id;
	op_submit(u, VAULT_OP_NFT_TRANSFER, &body);
}

static void user_switch(struct sim_user *u)
{
	union vault_op_body body = { 0 };
	struct vault_switch_settings *set = &body.switch_create.settings;
	body.switch_create.name = (struct sr_bytes){ (const uint8_t *)"switch", 6 };
	set->interval_ms = u->interval_ms;
	set->grace_ms = u->grace_ms;
	set->heirs_n = 1;
	set->heirs[0] = u->accounts[1].id;
	set->heir_delay_ms[0] = HEIR_DELAY_MS;
	op_submit(u, VAULT_OP_SWITCH_CREATE, &body);
}

/* As the owner of the NFT, the switch and the secrets, or as his other account. */
static void user_owner_stage(struct sim_user *u, enum stage stage)
{
	union vault_op_body body = { 0 };
	u->actor = 0;
	switch ((unsigned)stage) {
	case STAGE_MINT:
		u->holder = 0;
		body.nft_mint.to = u->accounts[0].id;
		body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"deed", 4 };
		op_submit(u, VAULT_OP_NFT_MINT, &body);
		break;
	case STAGE_SWITCH:
		user_switch(u);
		break;
	case STAGE_HEARTBEAT:
		body.switch_ref.switch_id = u->switch_id;
		op_submit(u, VAULT_OP_SWITCH_HEARTBEAT, &body);
		break;
	case STAGE_WILL:
		user_store(u, &u->will, "will");
		break;
	case STAGE_DELETE:
		body.secret_delete.id = u->secret.id;
		body.secret_delete.version = u->secret.version;
		op_submit(u, VAULT_OP_SECRET_DELETE, &body);
		break;
	default: /* PUT, UPDATE */
		user_store(u, &u->secret, "secret");
		break;
	}
}

static void user_go(struct sim_user *u, enum stage stage)
{
	union vault_op_body body = { 0 };
	u->stage = stage;
	switch (stage) {
	case STAGE_MINT: case STAGE_SWITCH: case STAGE_HEARTBEAT: case STAGE_PUT: case STAGE_WILL:
	case STAGE_UPDATE: case STAGE_DELETE:
		user_owner_stage(u, stage);
		break;
	case STAGE_NFT:
		client_get_number(&u->client, VAULT_GET_NFT, u->nft_id);
		break;
	case STAGE_OPEN:
	case STAGE_GONE:
		u->actor = u->holder;
		user_open(u, false);
		break;
	case STAGE_CLAIM:
		u->actor = 1;
		user_open(u, true);
		break;
	case STAGE_BLOCKED: /* a transfer while the ticket is open must be refused */
	case STAGE_TRANSFER:
		u->actor = u->holder;
		user_transfer(u);
		break;
	case STAGE_REFUSED: /* the account that does not hold the NFT */
		u->actor = 1 - u->holder;
		user_open(u, false);
		break;
	case STAGE_SHARES:
	case STAGE_REFUSED_SHARE:
		while (u->named[u->client.target])
			u->client.target = client_next(&u->client, u->client.target);
		client_share(&u->client, &u->ticket);
		break;
	case STAGE_CLOSE:
		body.ticket_close.ticket = u->ticket;
		op_submit(u, VAULT_OP_TICKET_CLOSE, &body);
		break;
	case STAGE_NONCE:
		client_get_account(&u->client, &u->accounts[u->actor].id);
		break;
	case STAGE_DONE:
		client_done(&u->client);
		break;
	}
}

/* A round is over. The heir of who forgets gets what he was left; nobody leaves before. */
static void user_round(struct sim_user *u)
{
	struct sim *s = u->client.sim;
	bool owes = u->has_switch && u->forgetful && !u->claimed;
	u->rounds++;
	if (u->client.finishing && owes)
		user_go(u, STAGE_CLAIM);
	else if (u->client.finishing && u->deletes && !u->deleted)
		user_go(u, STAGE_DELETE);
	else if (u->client.finishing)
		user_go(u, STAGE_DONE);
	else if (owes && sim_chance(s, 500))
		user_go(u, STAGE_CLAIM);
	else if (u->has_switch && !u->lapse && !u->forgetful)
		user_go(u, STAGE_HEARTBEAT);
	else if (sim_chance(s, 300))
		user_go(u, STAGE_UPDATE);
	else
		user_go(u, STAGE_TRANSFER);
}

/* I9: from outside, by the switch's own model, and by what its owner knows. */
static void claim_check(const struct sim_user *u)
{
	const uint64_t height = u->claimed_height;
	struct sim *s = u->client.sim;
	uint64_t span = u->interval_ms + u->grace_ms + HEIR_DELAY_MS;
	if (s->final_time_ms[height] < s->final_time_ms[u->last_heartbeat] + span ||
	    s->final_uptime_ms[height] < s->final_uptime_ms[u->last_heartbeat] + span)
		sim_violate(s, "I9: user %u: the heir got a ticket before his turn",
		    u->client.index);
}

/* Which stages must succeed, and where they lead. */
static void user_accepted(struct sim_user *u, const struct vault_receipt *receipt)
{
	struct sim *s = u->client.sim;
	unsigned index = u->client.index;
	u->accounts[u->actor].nonce++;
	switch (u->stage) {
	case STAGE_MINT:
		u->nft_id = receipt->id;
		user_go(u, u->has_switch ? STAGE_SWITCH : STAGE_PUT);
		break;
	case STAGE_SWITCH:
		u->switch_id = receipt->id;
		u->last_heartbeat = receipt->height;
		user_go(u, STAGE_PUT);
		break;
	case STAGE_HEARTBEAT:
		u->last_heartbeat = receipt->height;
		user_go(u, STAGE_NFT);
		break;
	case STAGE_PUT:
		u->secret.version = 1;
		user_go(u, u->has_switch && u->forgetful ? STAGE_WILL : STAGE_NFT);
		break;
	case STAGE_UPDATE:
		u->secret.version++;
		sim_say(s, "user %u: changed", index);
		user_go(u, STAGE_NFT);
		break;
	case STAGE_WILL:
		u->will.version = 1;
		user_go(u, STAGE_NFT);
		break;
	case STAGE_OPEN:
		user_go(u, sim_chance(s, 300) ? STAGE_BLOCKED : STAGE_SHARES);
		break;
	case STAGE_CLAIM:
		u->claimed_height = receipt->height;
		user_go(u, STAGE_SHARES);
		break;
	case STAGE_CLOSE:
		u->claimed = u->claimed || u->opening_will;
		user_round(u);
		break;
	case STAGE_TRANSFER:
		sim_say(s, "user %u: transferred", index);
		u->holder = 1 - u->holder;
		user_go(u, STAGE_REFUSED);
		break;
	case STAGE_DELETE:
		u->deleted = true;
		user_go(u, STAGE_GONE);
		break;
	case STAGE_BLOCKED:
		sim_violate(s, "user %u: an NFT moved under an open ticket", index);
		break;
	case STAGE_REFUSED:
		sim_violate(
		    s, "I8: user %u: an account that does not hold the NFT got a ticket", index);
		break;
	case STAGE_GONE:
		sim_violate(s, "I8: user %u: a deleted secret got a ticket", index);
		break;
	case STAGE_NFT: case STAGE_SHARES: case STAGE_REFUSED_SHARE: case STAGE_NONCE:
	case STAGE_DONE:
		break;
	}
}

/* A refusal that this stage expects; false: it must not be refused. */
static bool user_expects(struct sim_user *u, enum sr_error code, bool final)
{
	struct sim *s = u->client.sim;
	switch ((unsigned)u->stage) {
	case STAGE_REFUSED:
		user_go(u, STAGE_REFUSED_SHARE);
		return true;
	case STAGE_GONE:
		user_go(u, STAGE_DONE);
		return true;
	case STAGE_BLOCKED:
		if (code != SR_ERR_TICKET_OPEN && final)
			sim_violate(s, "user %u: wrong reason: %s", u->client.index,
			    sr_error_name((unsigned)code));
		user_go(u, STAGE_SHARES);
		return true;
	case STAGE_HEARTBEAT: /* it may have lapsed while nobody answered */
		u->lapse = true;
		user_go(u, STAGE_NFT);
		return true;
	case STAGE_CLAIM: /* not his turn yet; when it comes, is the switch's affair: I12 waits */
		if (code != SR_ERR_POLICY_FALSE)
			return false;
		user_go(u, u->client.finishing ? STAGE_CLAIM : STAGE_NFT);
		return true;
	case STAGE_CLOSE: /* it may have expired */
		if (final)
			user_round(u);
		return final;
	default:
		return false;
	}
}

static void user_submitted(struct sim_client *c, enum sr_error code,
    const struct vault_receipt *receipt)
{
	struct sim_user *u = user_of(c);
	sim_say(c->sim, "user %u stage %d: %s", c->index, (int)u->stage,
	    sr_error_name((unsigned)code));
	if (code == SR_OK) {
		user_accepted(u, receipt);
		return;
	}
	if (receipt != NULL)
		u->accounts[u->actor].nonce++;
	if (code == SR_ERR_NONCE_REPLAYED) {
		u->after_nonce = u->stage;
		user_go(u, STAGE_NONCE);
		return;
	}
	if (user_expects(u, code, receipt != NULL))
		return;
	/* A node that is behind may refuse at admission; a block may not. */
	if (receipt != NULL)
		sim_violate(c->sim, "I13: user %u stage %d: refused: %s", c->index, (int)u->stage,
		    sr_error_name((unsigned)code));
	else if (c->sim->healed && ++u->refusals > REFUSALS_MAX)
		sim_violate(c->sim, "I12: user %u stage %d: refused for ever: %s", c->index,
		    (int)u->stage, sr_error_name((unsigned)code));
}

/* --- shares --- */

/* Whose share it was must have told that lie. */
static void share_bad(struct sim_user *u, uint32_t from)
{
	struct sim *s = u->client.sim;
	/* It may have been made earlier, and be on its disk by now. */
	struct sim_fault *lie = sim_plan_ever(s, SIM_FAULT_WRONG_SHARE, from);
	if (lie == NULL) {
		sim_violate(s, "I7: a wrong decryption share by node %u", from);
		return;
	}
	sim_plan_hit(s, lie);
	s->bad_shares_named++;
	u->named[from] = true;
}

static void shares_combine(struct sim_user *u)
{
	struct sim *s = u->client.sim;
	const struct client_secret *secret = u->opening_will ? &u->will : &u->secret;
	struct sr_key32 got;
	struct shamir_index bad = { 0 };
	enum sr_error err = shamir_tdh2_combine(&got, &bad, &secret->ct, secret->label.b,
	    sizeof secret->label.b, u->indices, u->keys, u->shares, u->shares_n,
	    u->client.epoch.threshold);
	if (err == SR_ERR_SHARE_BAD && u->trusting && bad.v >= 1 &&
	    bad.v <= u->client.epoch.n) {
		/* Named: without it, and on. */
		share_bad(u, client_node(&u->client, bad.v - 1));
		for (uint32_t i = 0; i < u->shares_n; i++)
			if (u->indices[i].v == bad.v) {
				u->shares_n--;
				u->indices[i] = u->indices[u->shares_n];
				u->keys[i] = u->keys[u->shares_n];
				u->shares[i] = u->shares[u->shares_n];
			}
		user_go(u, STAGE_SHARES);
		return;
	}
	if (err != SR_OK || !sr_ct_equal(got.b, secret->key.b, sizeof got.b)) {
		sim_violate(s, "I13: user %u: the secret did not come back", u->client.index);
		return;
	}
	s->releases++;
	sim_say(s, "user %u: opened%s", u->client.index, u->opening_will ? " the will" : "");
	user_go(u, STAGE_CLOSE);
}

static void share_take(struct sim_user *u, const struct shamir_tdh2_share *share, uint32_t from)
{
	struct sim *s = u->client.sim;
	const struct client_secret *secret = u->opening_will ? &u->will : &u->secret;
	struct sr_point key;
	uint32_t place = epoch_record_id(&u->client.epoch, &s->nodes[from].id);
	SR_ASSERT(place != EPOCH_NOBODY);
	SR_ASSERT(sr_point_decode(&key, u->client.epoch.members[place].verify_key) == SR_OK);
	for (uint32_t i = 0; i < u->shares_n; i++)
		if (u->indices[i].v == place + 1)
			return; /* the timer asks the next one */
	u->client.target = client_next(&u->client, from);
	bool good = u->trusting || shamir_tdh2_share_verify(share, &key, &secret->ct,
				       secret->label.b, sizeof secret->label.b) == SR_OK;
	if (!good) {
		share_bad(u, from);
	} else if (!u->named[from]) {
		u->indices[u->shares_n].v = place + 1;
		u->keys[u->shares_n] = key;
		u->shares[u->shares_n++] = *share;
	}
	if (u->shares_n < u->client.epoch.threshold)
		user_go(u, STAGE_SHARES);
	else
		shares_combine(u);
}

static void user_shared(struct sim_client *c, enum sr_error code, struct sr_bytes payload,
    struct sim_node *from)
{
	struct sim_user *u = user_of(c);
	struct shamir_tdh2_share share;
	uint8_t plain[SHAMIR_TDH2_SHARE_SIZE];
	struct sr_xpk to;
	struct sr_reader r;
	sim_say(c->sim, "user %u: share of node %u: %s", c->index, from->index,
	    sr_error_name((unsigned)code));
	sr_x25519_public(&to, &u->retrieve_sk);
	if (code == SR_OK)
		sim_check_release(from, &u->ticket, &u->accounts[u->actor].id, &to);
	if (u->stage == STAGE_REFUSED_SHARE) {
		if (code == SR_OK && !from->liar)
			sim_violate(c->sim, "I8: node %u gave a share for no ticket", from->index);
		else
			user_go(u, STAGE_NFT);
		return;
	}
	if (code != SR_OK) {
		if ((code == SR_ERR_TICKET_CLOSED || code == SR_ERR_POLICY_FALSE) && !from->liar)
			sim_violate(c->sim, "user %u: node %u: %s", c->index, from->index,
			    sr_error_name((unsigned)code));
		return; /* the timer asks again, elsewhere */
	}
	if (payload.n != sizeof plain + SR_HPKE_OVERHEAD ||
	    sr_hpke_open(plain, &u->retrieve_sk, "strongroom share v1", u->ticket.b,
		sizeof u->ticket.b, payload.p, payload.n) != SR_OK) {
		sim_violate(c->sim, "I8: a share of node %u does not open with the ticket's key",
		    from->index);
		return;
	}
	sr_reader_init(&r, plain, sizeof plain);
	shamir_tdh2_share_read(&share, &r);
	if (sr_reader_finish(&r) != SR_OK)
		sim_violate(c->sim, "a share that does not parse by node %u", from->index);
	else
		share_take(u, &share, from->index);
}

/* --- the rest --- */

static void user_got(struct sim_client *c, struct sr_bytes payload)
{
	struct sim_user *u = user_of(c);
	struct sr_reader r;
	sr_reader_init(&r, payload.p, payload.n);
	if (u->stage == STAGE_NONCE) {
		struct vault_account_record record;
		struct client_account *a = &u->accounts[u->actor];
		vault_account_record_read(&record, &r);
		if (sr_reader_finish(&r) != SR_OK)
			return;
		if (record.nonce > a->nonce)
			a->nonce = record.nonce;
		user_go(u, u->after_nonce);
		return;
	}
	struct vault_nft nft;
	vault_nft_read(&nft, &r);
	if (sr_reader_finish(&r) != SR_OK)
		return;
	/* A node that is behind shows an older owner; it is asked again, elsewhere. */
	if (!vault_account_equal(&nft.owner, &u->accounts[u->holder].id) ||
	    nft.version < u->nft_version)
		return;
	u->nft_version = nft.version;
	user_go(u, STAGE_OPEN);
}

static void user_begin(struct sim_client *c)
{
	user_go(user_of(c), STAGE_MINT);
}

static void user_again(struct sim_client *c)
{
	user_go(user_of(c), user_of(c)->stage);
}

static uint64_t height_at(const struct sim *s, uint64_t time_ms)
{
	uint64_t height = 1;
	while (height < s->final_top && s->final_time_ms[height] < time_ms)
		height++;
	return height;
}

/* The switch's own model: it may fire only when its owner had I + G, of time and of working
 * ingress, since the last heartbeat that was acknowledged. */
void sim_check_switch(
    struct sim *s, uint64_t heartbeat, uint64_t span_ms, const struct vault_switch *sw)
{
	uint64_t fired = height_at(s, sw->fired_ms);
	if (sw->state != VAULT_SWITCH_FIRED) {
		if (sw->heartbeat_ms < s->final_time_ms[heartbeat])
			sim_violate(s, "I13: an acknowledged heartbeat is gone");
		return;
	}
	if (fired <= heartbeat)
		sim_violate(s, "I9: a heartbeat was acknowledged after the switch had fired");
	else if (sw->fired_ms < s->final_time_ms[heartbeat] + span_ms ||
	    s->final_uptime_ms[fired] < s->final_uptime_ms[heartbeat] + span_ms)
		sim_violate(s, "I9: switch %llu fired early", (unsigned long long)sw->id);
}

static void switch_check(struct sim_user *u, struct vault_tree *state)
{
	struct sim *s = u->client.sim;
	struct vault_key key = vault_key_number(VAULT_REC_SWITCH, u->switch_id);
	struct sr_bytes value = vault_tree_get(state, &key);
	struct vault_switch sw;
	struct sr_reader r;
	if (value.p == NULL) {
		sim_violate(s, "I13: an acknowledged switch is gone");
		return;
	}
	sr_reader_init(&r, value.p, value.n);
	vault_switch_read(&sw, &r);
	if (sr_reader_finish(&r) != SR_OK)
		sim_violate(s, "a switch record that does not parse");
	else
		sim_check_switch(s, u->last_heartbeat, u->interval_ms + u->grace_ms, &sw);
}

static void secret_check(struct sim_user *u, struct vault_tree *state)
{
	struct sim *s = u->client.sim;
	struct vault_key key = vault_key_secret(&u->secret.id);
	struct sr_bytes value = vault_tree_get(state, &key);
	struct vault_secret secret;
	struct sr_reader r;
	if (value.p == NULL) {
		sim_violate(s, "I13: an acknowledged secret is gone");
		return;
	}
	sr_reader_init(&r, value.p, value.n);
	vault_secret_read(&secret, &r);
	if (sr_reader_finish(&r) != SR_OK || secret.deleted != u->deleted ||
	    secret.version != u->secret.version)
		sim_violate(s, "I13: user %u: the secret is at version %llu, not %llu",
		    u->client.index, (unsigned long long)secret.version,
		    (unsigned long long)u->secret.version);
}

/* I9 and I13 on a final state. */
static void user_check(struct sim_client *c, struct vault_tree *state)
{
	struct sim_user *u = user_of(c);
	if (u->switch_id != 0)
		switch_check(u, state);
	if (u->claimed_height != 0)
		claim_check(u);
	if (u->secret.version > 0 && c->done)
		secret_check(u, state);
}

/* The shares that were collected are of another polynomial. */
static void user_moved(struct sim_client *c, const struct sr_hash32 *before)
{
	struct sim_user *u = user_of(c);
	u->shares_n = 0;
	if (sr_hash32_equal(&u->ticket, before))
		u->ticket = c->op_hash;
}

static const struct client_kind users = {
	.begin = user_begin, .submitted = user_submitted, .got = user_got,
	.shared = user_shared, .again = user_again, .moved = user_moved,
	.check = user_check,
};

enum sr_error sim_users_init(struct sim *s)
{
	uint32_t n = 2 + (uint32_t)sim_below(s, SIM_USERS_MAX - 1);
	for (uint32_t i = 0; i < n; i++) {
		struct sim_user *u = calloc(1, sizeof *u);
		SR_ASSERT(u != NULL);
		u->has_switch = i % 2 == 0;
		u->forgetful = sim_chance(s, 400);
		u->deletes = sim_chance(s, 300);
		u->interval_ms = u->forgetful ? SWITCH_INTERVAL_MS / 3 : SWITCH_INTERVAL_MS;
		u->grace_ms = u->forgetful ? SWITCH_GRACE_MS / 3 : SWITCH_GRACE_MS;
		for (int k = 0; k < 2; k++)
			client_account_init(s, &u->accounts[k]);
		client_add(s, &u->client, &users);
	}
	if (sim_chance(s, 600))
		sim_race_init(s);
	return SR_OK;
}

void sim_users_clear(struct sim *s)
{
	for (uint32_t i = 0; i < s->clients_n; i++) {
		client_clear(s->clients[i]);
		free(s->clients[i]);
	}
	s->clients_n = 0;
	free(s->race);
	s->race = NULL;
}
