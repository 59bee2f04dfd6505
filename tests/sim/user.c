/*
 * People. Each user owns two accounts and plays one story over and over: mint, put, open, transfer,
 * be refused as the old holder, open as the new one; some keep a dead-man switch alive. Every
 * answer is compared with what must come out. Requests are sent again, with the same bytes, until
 * answered.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shamir/tdh2.h"
#include "tests/sim/sim.h"

#define RETRY_MS 900u
#define THINK_MS 700u
#define SWITCH_INTERVAL_MS 6000u
#define SWITCH_GRACE_MS 3000u

enum stage {
	STAGE_TRAIL,
	STAGE_MINT,
	STAGE_SWITCH,
	STAGE_PUT,
	STAGE_NFT,
	STAGE_OPEN,
	STAGE_BLOCKED,
	STAGE_SHARES,
	STAGE_CLOSE,
	STAGE_HEARTBEAT,
	STAGE_TRANSFER,
	STAGE_REFUSED,
	STAGE_REFUSED_SHARE,
	STAGE_NONCE,
	STAGE_DONE,
};

struct account {
	struct sr_edsk sk;
	struct vault_account id;
	uint64_t nonce;
};

struct secret {
	struct vault_secret_id id;
	struct sr_key32 key;            /* what TDH2 must give back */
};

struct sim_user {
	struct sim *sim;
	uint32_t index;
	enum stage stage, after_nonce;
	struct account accounts[2];
	uint32_t holder, actor;         /* which account holds the NFT; which one signs now */
	struct epoch_record epoch;
	bool has_epoch, has_switch, lapse, finishing, retrying;
	uint64_t nft_id, nft_version, switch_id, rounds, last_heartbeat;
	struct secret secret;
	struct vault_op_retrieve retrieve;
	struct sr_key32 retrieve_sk;
	struct sr_hash32 ticket;
	/* the request under way */
	uint64_t sequence;
	enum client_method method;
	struct sim_bytes op;            /* SUBMIT: the operation's bytes, kept over retries */
	struct sim_bytes sealed;
	struct sr_hash32 request_hash;
	struct sr_key32 answer_sk;
	uint32_t target, refusals;
	/* shares collected */
	uint32_t shares_n;
	struct shamir_index indices[SIM_NODES_MAX];
	struct sr_point keys[SIM_NODES_MAX];
	struct shamir_tdh2_share shares[SIM_NODES_MAX];
	struct shamir_tdh2_ct ct;
	struct sr_hash32 label;
};

static void user_go(struct sim_user *u, enum stage stage);

static void drbg_make(struct sim *s, struct sr_drbg *drbg)
{
	SR_KEY32_AUTO seed;
	sim_fill(s, seed.b, sizeof seed.b);
	sr_drbg_init(drbg, &seed);
}

/* --- requests --- */

static void request_deliver(struct sim_user *u, const uint8_t *bytes, size_t n)
{
	struct sim *s = u->sim;
	struct sim_event ev = { .kind = SIM_CLIENT, .node = u->target, .from = u->method };
	ev.number = (uint64_t)(u->index + 1) << 40 | u->sequence << 8 | u->target;
	ev.bytes = sim_copy(bytes, n);
	struct sim_event again = { .kind = SIM_USER, .from = u->index, .number = u->sequence };
	uint64_t delay = 300 + sim_below(s, 3000);
	if (!u->retrying && !u->finishing) /* people think */
		delay += sim_below(s, THINK_MS * 1000);
	sim_push(s, delay + RETRY_MS * 1000 + sim_below(s, 200000), again);
	sim_push(s, delay, ev);
}

static void request_send(struct sim_user *u)
{
	request_deliver(u, u->sealed.p, u->sealed.n);
}

static void request_seal(
    struct sim_user *u, enum client_method method, const uint8_t *payload, size_t n)
{
	struct sim *s = u->sim;
	struct sr_writer w;
	SR_KEY32_AUTO ephemeral;
	struct sr_xpk answer;
	u->method = method;
	u->sequence++;
	sim_fill(s, ephemeral.b, sizeof ephemeral.b);
	sim_fill(s, u->answer_sk.b, sizeof u->answer_sk.b);
	sr_x25519_public(&answer, &u->answer_sk);
	sr_writer_init(&w, HOST_FRAME_MAX);
	SR_ASSERT(client_request_seal(&w, &u->request_hash, method, &s->parsed->chain_id,
		      u->epoch.epoch, &u->epoch.shielding_key, &ephemeral, &answer, payload, n)
	    == SR_OK);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	free(u->sealed.p);
	u->sealed = sim_copy(w.p, w.n);
	sr_writer_clear(&w);
}

static void request_get(
    struct sim_user *u, enum vault_get_kind kind, const uint8_t *params, size_t n)
{
	struct sr_writer w;
	struct vault_account none = { 0 };
	sr_writer_init(&w, 4096);
	sr_write_u8(&w, (uint8_t)kind);
	sr_write_bool(&w, false);
	vault_account_write(&w, &none);
	sr_write_u64(&w, sim_now_ms(u->sim));
	sr_write_blob(&w, params, n);
	sr_write_blob(&w, NULL, 0);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	request_seal(u, CLIENT_GET, w.p, w.n);
	sr_writer_clear(&w);
	request_send(u);
}

static void op_submit(struct sim_user *u, enum vault_op_kind kind, const union vault_op_body *body)
{
	struct sim *s = u->sim;
	struct account *a = &u->accounts[u->actor];
	struct sr_writer w;
	struct sr_sig64 sig;
	sr_writer_init(&w, SR_OP_MAX);
	vault_op_write_signed(&w, &s->parsed->chain_id, u->epoch.epoch, &a->id, a->nonce,
	    sim_now_ms(s) + 300000, kind, body);
	SR_ASSERT(w.error == SR_OK);
	sr_sign(&sig, &a->sk, "strongroom op v1", w.p, w.n);
	sr_write_sig(&w, &sig);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	free(u->op.p);
	u->op = sim_copy(w.p, w.n);
	sr_writer_clear(&w);
	struct vault_op decoded;
	SR_ASSERT(vault_op_decode(&decoded, u->op.p, u->op.n) == SR_OK);
	if (kind == VAULT_OP_RETRIEVE)
		u->ticket = decoded.hash;
	u->refusals = 0;
	request_seal(u, CLIENT_SUBMIT, u->op.p, u->op.n);
	request_send(u);
}

/* --- the story --- */

static void user_put(struct sim_user *u)
{
	struct sim *s = u->sim;
	struct vault_policy policy = { .nodes_n = 1 };
	union vault_op_body body = { 0 };
	struct vault_op_secret_put *put = &body.secret_put;
	struct account *a = &u->accounts[u->actor];
	struct sr_writer w;
	struct sr_drbg drbg;
	struct sr_point y;
	uint8_t payload[96];
	char name[32];
	policy.nodes[0].kind = VAULT_POLICY_HOLDER;
	policy.nodes[0].number = u->nft_id;
	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX);
	vault_policy_write(&w, &policy);
	SR_ASSERT(sr_writer_finish(&w) == SR_OK);
	put->id = vault_secret_id_derive(&s->parsed->chain_id, &a->id, a->nonce);
	put->policy = (struct sr_bytes){ w.p, w.n };
	int name_n = snprintf(name, sizeof name, "secret-%u", u->index);
	put->name = (struct sr_bytes){ (const uint8_t *)name, (size_t)name_n };
	struct sr_hash32 policy_hash = vault_policy_hash(put->policy);
	u->label = vault_label(&s->parsed->chain_id, &put->id, &a->id, &policy_hash);
	drbg_make(s, &drbg);
	SR_ASSERT(sr_point_decode(&y, u->epoch.vault_key) == SR_OK);
	SR_ASSERT(shamir_tdh2_encrypt(&u->ct, &u->secret.key, &y, u->label.b, sizeof u->label.b,
		      &drbg) == SR_OK);
	struct sr_writer ct;
	sr_writer_init(&ct, SHAMIR_TDH2_CT_SIZE);
	shamir_tdh2_ct_write(&ct, &u->ct);
	SR_ASSERT(sr_writer_finish(&ct) == SR_OK && ct.n == VAULT_TDH2_BYTES);
	memcpy(put->key.tdh2, ct.p, ct.n);
	sr_writer_clear(&ct);
	sim_fill(s, put->key.dek, sizeof put->key.dek);
	sim_fill(s, put->key.owner_dek, sizeof put->key.owner_dek);
	sim_fill(s, payload, sizeof payload);
	put->payload.inlined = true;
	put->payload.plain_bytes = sizeof payload - SR_GCM_TAG;
	put->payload.inline_bytes = (struct sr_bytes){ payload, sizeof payload };
	u->secret.id = put->id;
	op_submit(u, VAULT_OP_SECRET_PUT, &body);
	sr_writer_clear(&w);
}

static void user_open(struct sim_user *u)
{
	union vault_op_body body = { 0 };
	sim_fill(u->sim, u->retrieve_sk.b, sizeof u->retrieve_sk.b);
	body.retrieve.id = u->secret.id;
	body.retrieve.nft_id = u->nft_id;
	body.retrieve.nft_version = u->nft_version;
	sr_x25519_public(&body.retrieve.to, &u->retrieve_sk);
	u->shares_n = 0;
	op_submit(u, VAULT_OP_RETRIEVE, &body);
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
	set->interval_ms = SWITCH_INTERVAL_MS;
	set->grace_ms = SWITCH_GRACE_MS;
	set->heirs_n = 1;
	set->heirs[0] = u->accounts[1].id;
	op_submit(u, VAULT_OP_SWITCH_CREATE, &body);
}

static void user_go(struct sim_user *u, enum stage stage)
{
	union vault_op_body body = { 0 };
	struct sr_writer w;
	u->stage = stage;
	switch (stage) {
	case STAGE_TRAIL:
		u->method = CLIENT_TRAIL;
		u->sequence++;
		request_deliver(u, NULL, 0);
		break;
	case STAGE_MINT:
		u->actor = u->holder = 0;
		body.nft_mint.to = u->accounts[0].id;
		body.nft_mint.name = (struct sr_bytes){ (const uint8_t *)"deed", 4 };
		op_submit(u, VAULT_OP_NFT_MINT, &body);
		break;
	case STAGE_SWITCH:
		u->actor = 0;
		user_switch(u);
		break;
	case STAGE_HEARTBEAT:
		u->actor = 0;
		body.switch_ref.switch_id = u->switch_id;
		op_submit(u, VAULT_OP_SWITCH_HEARTBEAT, &body);
		break;
	case STAGE_PUT:
		u->actor = 0;
		user_put(u);
		break;
	case STAGE_NFT:
		sr_writer_init(&w, 8);
		sr_write_u64(&w, u->nft_id);
		SR_ASSERT(sr_writer_finish(&w) == SR_OK);
		request_get(u, VAULT_GET_NFT, w.p, w.n);
		sr_writer_clear(&w);
		break;
	case STAGE_OPEN:
		u->actor = u->holder;
		user_open(u);
		break;
	case STAGE_BLOCKED: /* a transfer while the ticket is open must be refused */
	case STAGE_TRANSFER:
		u->actor = u->holder;
		user_transfer(u);
		break;
	case STAGE_REFUSED: /* the account that does not hold the NFT */
		u->actor = 1 - u->holder;
		user_open(u);
		break;
	case STAGE_SHARES:
	case STAGE_REFUSED_SHARE:
		request_seal(u, CLIENT_SHARE, u->ticket.b, sizeof u->ticket.b);
		request_send(u);
		break;
	case STAGE_CLOSE:
		u->actor = u->holder;
		body.ticket_close.ticket = u->ticket;
		op_submit(u, VAULT_OP_TICKET_CLOSE, &body);
		break;
	case STAGE_NONCE:
		sr_writer_init(&w, 64);
		vault_account_write(&w, &u->accounts[u->actor].id);
		SR_ASSERT(sr_writer_finish(&w) == SR_OK);
		request_get(u, VAULT_GET_ACCOUNT, w.p, w.n);
		sr_writer_clear(&w);
		break;
	case STAGE_DONE:
		u->sequence++;
		break;
	}
}

/* What a refusal by one node alone may mean: it is behind, busy, cut off. Ask elsewhere. */
static bool passing(enum sr_error code)
{
	switch ((unsigned)code) {
	case SR_ERR_NOT_READY: case SR_ERR_TOO_MANY: case SR_ERR_RECOVERING: case SR_ERR_NOT_FINAL:
	case SR_ERR_ECLIPSED: case SR_ERR_POOL_FULL: case SR_ERR_NONCE_AHEAD: case SR_ERR_STALE:
	case SR_ERR_TIMED_OUT: case SR_ERR_NO_SUCH_TICKET: case SR_ERR_WRONG_EPOCH:
		return true;
	default:
		return false;
	}
}

/* Which stages must succeed, and where they lead. */
static void user_accepted(struct sim_user *u, const struct vault_receipt *receipt)
{
	struct sim *s = u->sim;
	s->acknowledged++;
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
		sim_say(s, "user %u: stored", u->index);
		user_go(u, STAGE_NFT);
		break;
	case STAGE_OPEN:
		user_go(u, sim_chance(s, 300) ? STAGE_BLOCKED : STAGE_SHARES);
		break;
	case STAGE_CLOSE:
		u->rounds++;
		if (u->finishing)
			user_go(u, STAGE_DONE);
		else if (u->has_switch && !u->lapse)
			user_go(u, STAGE_HEARTBEAT);
		else
			user_go(u, STAGE_TRANSFER);
		break;
	case STAGE_TRANSFER:
		sim_say(s, "user %u: transferred", u->index);
		u->holder = 1 - u->holder;
		user_go(u, STAGE_REFUSED);
		break;
	case STAGE_BLOCKED:
		sim_violate(s, "user %u: an NFT moved under an open ticket", u->index);
		break;
	case STAGE_REFUSED:
		sim_violate(
		    s, "I8: user %u: an account that does not hold the NFT got a ticket", u->index);
		break;
	case STAGE_TRAIL: case STAGE_NFT: case STAGE_SHARES: case STAGE_REFUSED_SHARE:
	case STAGE_NONCE: case STAGE_DONE:
		break;
	}
}

static void user_refused(struct sim_user *u, enum sr_error code, bool final)
{
	struct sim *s = u->sim;
	if (final)
		u->accounts[u->actor].nonce++;
	if (code == SR_ERR_NONCE_REPLAYED) {
		u->after_nonce = u->stage;
		user_go(u, STAGE_NONCE);
		return;
	}
	switch (u->stage) {
	case STAGE_REFUSED:
		user_go(u, STAGE_REFUSED_SHARE);
		return;
	case STAGE_BLOCKED:
		if (code != SR_ERR_TICKET_OPEN && final)
			sim_violate(s, "user %u: wrong reason: %s", u->index,
			    sr_error_name((unsigned)code));
		user_go(u, STAGE_SHARES);
		return;
	case STAGE_HEARTBEAT: /* it may have lapsed while nobody answered */
		u->lapse = true;
		user_go(u, STAGE_NFT);
		return;
	case STAGE_TRAIL:
	case STAGE_MINT:
	case STAGE_SWITCH:
	case STAGE_PUT:
	case STAGE_NFT:
	case STAGE_OPEN:
	case STAGE_SHARES: case STAGE_CLOSE: case STAGE_TRANSFER: case STAGE_REFUSED_SHARE:
	case STAGE_NONCE: case STAGE_DONE:
		break;
	}
	/* A node that is behind may refuse at admission; a block may not. */
	if (final && !(u->stage == STAGE_CLOSE))
		sim_violate(s, "I13: user %u stage %d: refused: %s", u->index, (int)u->stage,
		    sr_error_name((unsigned)code));
	else if (final)
		user_go(u, STAGE_TRANSFER);
	else if (s->healed && ++u->refusals > 40)
		sim_violate(s, "I12: user %u stage %d: refused for ever: %s", u->index,
		    (int)u->stage, sr_error_name((unsigned)code));
}

static void answer_shares(
    struct sim_user *u, enum sr_error code, struct sr_bytes payload, struct sim_node *process)
{
	struct sim *s = u->sim;
	uint32_t from = process->index;
	uint8_t plain[SHAMIR_TDH2_SHARE_SIZE];
	struct sr_reader r;
	if (u->stage == STAGE_REFUSED_SHARE) {
		if (code == SR_OK)
			sim_violate(
			    s, "I8: node %u gave a share for a ticket that does not exist", from);
		else
			user_go(u, STAGE_NFT);
		return;
	}
	struct sr_xpk to;
	sr_x25519_public(&to, &u->retrieve_sk);
	if (code == SR_OK)
		sim_check_release(process, &u->ticket, &u->accounts[u->holder].id, &to);
	if (code != SR_OK) {
		if (code == SR_ERR_TICKET_CLOSED || code == SR_ERR_POLICY_FALSE)
			sim_violate(s, "user %u: node %u: %s", u->index, from,
			    sr_error_name((unsigned)code));
		return; /* the timer asks again, elsewhere */
	}
	if (payload.n != sizeof plain + SR_HPKE_OVERHEAD ||
	    sr_hpke_open(plain, &u->retrieve_sk, "strongroom share v1", u->ticket.b,
		sizeof u->ticket.b, payload.p, payload.n) != SR_OK) {
		sim_violate(s, "I8: a share of node %u does not open with the ticket's key", from);
		return;
	}
	struct shamir_tdh2_share share;
	struct sr_point key;
	sr_reader_init(&r, plain, sizeof plain);
	shamir_tdh2_share_read(&share, &r);
	SR_ASSERT(sr_point_decode(&key, u->epoch.members[from].verify_key) == SR_OK);
	if (sr_reader_finish(&r) != SR_OK
	    || shamir_tdh2_share_verify(&share, &key, &u->ct, u->label.b, sizeof u->label.b)
		!= SR_OK) {
		/* It may have been made earlier, and be on its disk by now. */
		struct sim_fault *lie = sim_plan_ever(s, SIM_FAULT_WRONG_SHARE, from);
		if (lie == NULL) {
			sim_violate(s, "a wrong decryption share by node %u", from);
			return;
		}
		sim_plan_hit(s, lie);
		s->bad_shares_named++;
		u->target = (from + 1) % s->n;
		user_go(u, STAGE_SHARES);
		return;
	}
	for (uint32_t i = 0; i < u->shares_n; i++)
		if (u->indices[i].v == from + 1)
			return;
	u->indices[u->shares_n].v = from + 1;
	u->keys[u->shares_n] = key;
	u->shares[u->shares_n++] = share;
	if (u->shares_n < u->epoch.threshold) {
		u->target = (from + 1) % s->n;
		user_go(u, STAGE_SHARES);
		return;
	}
	struct sr_key32 got;
	struct shamir_index bad;
	enum sr_error err = shamir_tdh2_combine(&got, &bad, &u->ct, u->label.b, sizeof u->label.b,
	    u->indices, u->keys, u->shares, u->shares_n, u->epoch.threshold);
	if (err != SR_OK || !sr_ct_equal(got.b, u->secret.key.b, sizeof got.b)) {
		sim_violate(s, "I13: user %u: the secret did not come back", u->index);
		return;
	}
	s->releases++;
	sim_say(s, "user %u: opened", u->index);
	user_go(u, STAGE_CLOSE);
}

static void answer_get(struct sim_user *u, enum sr_error code, struct sr_bytes payload)
{
	struct sr_reader r;
	if (code != SR_OK)
		return;
	sr_reader_init(&r, payload.p, payload.n);
	if (u->stage == STAGE_NONCE) {
		struct vault_account_record record;
		vault_account_record_read(&record, &r);
		if (sr_reader_finish(&r) != SR_OK)
			return;
		struct account *a = &u->accounts[u->actor];
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

static void answer_submit(struct sim_user *u, enum sr_error code, struct sr_bytes payload)
{
	struct vault_receipt receipt = { .code = (uint16_t)code };
	struct sr_reader r;
	sim_say(
	    u->sim, "user %u stage %d: %s", u->index, (int)u->stage, sr_error_name((unsigned)code));
	if (passing(code))
		return;
	if (payload.n > 0) {
		sr_reader_init(&r, payload.p, payload.n);
		vault_receipt_read(&receipt, &r);
		if (sr_reader_finish(&r) != SR_OK) {
			sim_violate(u->sim, "user %u: a receipt that does not parse", u->index);
			return;
		}
	}
	if (receipt.code == SR_OK && receipt.height == 0)
		sim_violate(u->sim, "user %u: accepted without a block", u->index);
	else if (receipt.code == SR_OK)
		user_accepted(u, &receipt);
	else
		user_refused(u, (enum sr_error)receipt.code, receipt.height != 0);
}

static void answer_trail(struct sim_user *u, struct sr_bytes answer)
{
	struct sr_hash32 close_hash;
	if (epoch_trail_verify(&u->epoch, &close_hash, u->sim->parsed, answer.p, answer.n)
	    != SR_OK) {
		sim_violate(u->sim, "an epoch trail that does not verify");
		return;
	}
	if (u->epoch.epoch == 0)
		return;
	u->has_epoch = true;
	user_go(u, STAGE_MINT);
}

void sim_user_reply(
    struct sim_node *process, uint64_t token, enum sr_error code, struct sr_bytes answer)
{
	struct sim *s = process->sim;
	uint32_t from = process->index;
	struct sim_user *u = token >> 40 >= 1 && token >> 40 <= s->users_n
	    ? s->users[(token >> 40) - 1]
	    : NULL;
	if (u == NULL || ((token >> 8) & 0xffffffffu) != u->sequence)
		return; /* an answer to a request that is over */
	if (u->method == CLIENT_TRAIL) {
		if (code == SR_OK)
			answer_trail(u, answer);
		return;
	}
	uint8_t *payload = NULL;
	size_t payload_n = 0;
	uint32_t member;
	struct sr_edpk keys[SIM_NODES_MAX];
	for (uint32_t i = 0; i < s->n; i++)
		keys[i] = u->epoch.members[i].vote_key;
	if (answer.n == 0)
		return; /* it could not be opened */
	enum sr_error inner;
	enum sr_error err = client_answer_open(&inner, &member, &payload, &payload_n, &u->answer_sk,
	    &u->request_hash, keys, s->n, answer.p, answer.n);
	if (err != SR_OK || member != from) {
		sim_violate(s, "node %u: an answer that does not verify: %s", from,
		    sr_error_name((unsigned)err));
		return;
	}
	struct sr_bytes view = { payload, payload_n };
	if (u->method == CLIENT_SUBMIT)
		answer_submit(u, inner, view);
	else if (u->method == CLIENT_GET)
		answer_get(u, inner, view);
	else
		answer_shares(u, inner, view, process);
	free(payload);
}

void sim_user_wake(struct sim *s, uint32_t user, uint64_t sequence)
{
	struct sim_user *u = s->users[user];
	if (sequence != u->sequence || u->stage == STAGE_DONE)
		return;
	u->target = (u->target + 1) % s->n;
	u->retrying = true;
	if (u->method == CLIENT_TRAIL)
		user_go(u, STAGE_TRAIL);
	else if (u->method == CLIENT_SUBMIT) {
		request_seal(u, CLIENT_SUBMIT, u->op.p, u->op.n); /* the same operation */
		request_send(u);
	} else {
		user_go(u, u->stage);
	}
	u->retrying = false;
}

enum sr_error sim_users_init(struct sim *s)
{
	s->users_n = 2 + (uint32_t)sim_below(s, SIM_USERS_MAX - 1);
	for (uint32_t i = 0; i < s->users_n; i++) {
		struct sim_user *u = s->users[i] = calloc(1, sizeof *u);
		SR_ASSERT(u != NULL);
		u->sim = s;
		u->index = i;
		u->has_switch = i % 2 == 0;
		u->target = (uint32_t)sim_below(s, s->n);
		for (int k = 0; k < 2; k++) {
			SR_KEY32_AUTO seed;
			struct sr_edpk pk;
			sim_fill(s, seed.b, sizeof seed.b);
			sr_ed25519_keypair(&u->accounts[k].sk, &pk, &seed);
			u->accounts[k].id.kind = VAULT_ACCOUNT_ED25519;
			memcpy(u->accounts[k].id.b, pk.b, 32);
		}
		struct sim_event ev = { .kind = SIM_USER, .from = i, .number = 0 };
		u->method = CLIENT_TRAIL;
		sim_push(s, 100000, ev);
	}
	return SR_OK;
}

void sim_users_clear(struct sim *s)
{
	for (uint32_t i = 0; i < s->users_n; i++) {
		free(s->users[i]->op.p);
		free(s->users[i]->sealed.p);
		free(s->users[i]);
	}
	s->users_n = 0;
}

void sim_users_finish(struct sim *s)
{
	for (uint32_t i = 0; i < s->users_n; i++)
		s->users[i]->finishing = true;
}

bool sim_users_done(const struct sim *s)
{
	for (uint32_t i = 0; i < s->users_n; i++)
		if (s->users[i]->stage != STAGE_DONE)
			return false;
	return true;
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
void sim_check_switch(struct sim *s, uint64_t heartbeat, const struct vault_switch *sw)
{
	uint64_t span = SWITCH_INTERVAL_MS + SWITCH_GRACE_MS;
	uint64_t fired = height_at(s, sw->fired_ms);
	if (sw->state != VAULT_SWITCH_FIRED) {
		if (sw->heartbeat_ms < s->final_time_ms[heartbeat])
			sim_violate(s, "I13: an acknowledged heartbeat is gone");
		return;
	}
	if (fired <= heartbeat)
		sim_violate(s, "I9: a heartbeat was acknowledged after the switch had fired");
	else if (sw->fired_ms < s->final_time_ms[heartbeat] + span ||
	    s->final_uptime_ms[fired] < s->final_uptime_ms[heartbeat] + span)
		sim_violate(s, "I9: switch %llu fired early", (unsigned long long)sw->id);
}

/* I9 and I13 on a final state. */
void sim_users_check(struct sim *s, struct vault_tree *state)
{
	for (uint32_t i = 0; i < s->users_n; i++) {
		struct sim_user *u = s->users[i];
		struct vault_switch sw;
		struct sr_reader r;
		if (u->switch_id == 0)
			continue;
		struct vault_key key = vault_key_number(VAULT_REC_SWITCH, u->switch_id);
		struct sr_bytes value = vault_tree_get(state, &key);
		if (value.p == NULL) {
			sim_violate(s, "I13: an acknowledged switch is gone");
			return;
		}
		sr_reader_init(&r, value.p, value.n);
		vault_switch_read(&sw, &r);
		if (sr_reader_finish(&r) != SR_OK) {
			sim_violate(s, "a switch record that does not parse");
			return;
		}
		sim_check_switch(s, u->last_heartbeat, &sw);
	}
}
