#include "vault/internal.h"

#include <string.h>

/* The ticket is looked up rather than trusted to have cleared the NFT: closing it is enough,
 * whichever NFTs it locked. */
enum sr_error vault_nft_unlocked(const struct vault_tree *t, const struct vault_nft *nft,
    uint64_t time_ms, struct vault_ticket *open)
{
	struct vault_ticket ticket;
	enum sr_error error;

	if (sr_hash32_is_zero(&nft->open_ticket) || nft->open_ticket_until_ms <= time_ms)
		return SR_OK;
	error = vault_ticket_load(t, &ticket, &nft->open_ticket);
	if (error == SR_ERR_NO_SUCH_TICKET || (error == SR_OK && ticket.closed))
		return SR_OK;
	SR_TRY(error);
	if (open != NULL)
		*open = ticket;
	return SR_ERR_TICKET_OPEN;
}

/* --- RETRIEVE --- */

struct retrieval {
	const struct vault_op_retrieve *body;
	struct vault_secret secret;
	struct vault_version version;
	struct vault_policy policy;
	struct vault_facts facts;
	struct vault_ticket ticket;
	uint64_t nfts[VAULT_POLICY_NODES_MAX]; /* those to lock */
	uint32_t nfts_n;
};

static enum sr_error policy_load(struct vault_policy *policy, const struct vault_secret *secret)
{
	return vault_policy_decode(policy, secret->policy) == SR_OK ? SR_OK : SR_ERR_DAMAGED;
}

static enum sr_error secret_alive(const struct vault_secret *secret, uint64_t time_ms)
{
	if (secret->deleted)
		return SR_ERR_DELETED;
	return secret->expiry_ms != 0 && time_ms >= secret->expiry_ms ? SR_ERR_SECRET_EXPIRED
								      : SR_OK;
}

/* A version wrapped to an older policy's label can't be judged by today's: the owner restores it
 * first. */
static enum sr_error version_wanted(const struct vault_tree *t, struct vault_version *version,
    const struct vault_secret *secret, uint64_t number)
{
	struct sr_hash32 now = vault_policy_hash(secret->policy);

	SR_TRY(vault_version_load(t, version, &secret->id, number != 0 ? number : secret->version));
	return sr_hash32_equal(&version->policy_hash, &now) ? SR_OK : SR_ERR_POLICY_UNCHANGED_LABEL;
}

/* The first NFT the policy asks for that the signer holds. 0: none. */
static enum sr_error implied_nft(const struct vault_tx *tx, const struct vault_policy *policy,
    uint64_t *id)
{
	struct vault_nft nft;

	*id = 0;
	for (uint32_t i = 0; i < policy->nodes_n && *id == 0; i++) {
		enum sr_error error;

		if (policy->nodes[i].kind != VAULT_POLICY_HOLDER)
			continue;
		error = vault_nft_load(tx->t, &nft, policy->nodes[i].number);
		if (error == SR_ERR_NO_SUCH_NFT)
			continue;
		SR_TRY(error);
		if (vault_account_is(&nft.owner, &tx->op->account))
			*id = nft.id;
	}
	return SR_OK;
}

static enum sr_error present_nft(struct vault_tx *tx, struct retrieval *r)
{
	struct vault_nft nft;

	if (r->body->nft_id == 0)
		return implied_nft(tx, &r->policy, &r->facts.nft_id);
	SR_TRY(vault_nft_load(tx->t, &nft, r->body->nft_id));
	if (!vault_account_is(&nft.owner, &tx->op->account))
		return SR_ERR_NOT_HOLDER;
	if (nft.version != r->body->nft_version)
		return SR_ERR_NFT_VERSION;
	/* One that the policy does not name proves nothing. */
	if (!vault_policy_names_nft(&r->policy, nft.id))
		return SR_ERR_POLICY_FALSE;
	r->facts.nft_id = nft.id;
	return SR_OK;
}

static enum sr_error judge(struct vault_tx *tx, struct retrieval *r)
{
	struct vault_facts *f = &r->facts;

	f->t = tx->t;
	f->policy = &r->policy;
	f->who = &tx->op->account;
	f->to = &r->body->to;
	f->time_ms = tx->block->time_ms;
	f->uptime_ms = tx->meta.uptime_ms;
	SR_TRY(present_nft(tx, r));
	SR_TRY(vault_facts_judge(f));
	return vault_facts_hold(f, 0, &tx->receipt->detail) ? SR_OK : SR_ERR_POLICY_FALSE;
}

/* Bits of the leaves that this NFT makes true. */
static uint64_t leaves_of(const struct vault_facts *f, uint64_t nft_id)
{
	uint64_t mask = 0;

	for (uint32_t i = 0; i < f->policy->nodes_n; i++)
		if (f->policy->nodes[i].kind == VAULT_POLICY_HOLDER &&
		    f->policy->nodes[i].number == nft_id)
			mask |= (uint64_t)1 << i;
	return mask & f->truth & ~f->negated;
}

static bool listed(const struct retrieval *r, uint64_t nft_id)
{
	for (uint32_t i = 0; i < r->nfts_n; i++)
		if (r->nfts[i] == nft_id)
			return true;
	return false;
}

static enum sr_error nft_busy(struct vault_tx *tx, uint64_t nft_id, bool *busy)
{
	struct vault_nft nft;
	enum sr_error error;

	SR_TRY(vault_nft_load(tx->t, &nft, nft_id));
	error = vault_nft_unlocked(tx->t, &nft, tx->block->time_ms, NULL);
	*busy = error == SR_ERR_TICKET_OPEN;
	return *busy ? SR_OK : error;
}

/*
 * Which NFTs to lock: the presented one, and of the others those without which the policy would not
 * hold. Those that an open ticket blocks are left out first.
 */
static enum sr_error choose_nfts(struct vault_tx *tx, struct retrieval *r)
{
	const struct vault_facts *f = &r->facts;
	uint64_t without = 0;
	bool busy;

	if (f->nft_id != 0)
		r->nfts[r->nfts_n++] = f->nft_id;
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < r->policy.nodes_n; i++) {
			uint64_t id = r->policy.nodes[i].number, mask;

			if (r->policy.nodes[i].kind != VAULT_POLICY_HOLDER || listed(r, id))
				continue;
			mask = leaves_of(f, id);
			if (mask == 0 || (mask & without) != 0)
				continue;
			SR_TRY(nft_busy(tx, id, &busy));
			if (pass == 0 && !busy)
				continue;
			if (vault_facts_hold(f, without | mask, NULL))
				without |= mask;
			else
				r->nfts[r->nfts_n++] = id;
		}
	}
	return SR_OK;
}

/* The same holder asking again for the same thing with the same key: the ticket before is replaced
 * by this one. */
static bool same_request(const struct vault_ticket *before, const struct vault_ticket *now)
{
	return vault_account_equal(&before->requester, &now->requester) &&
	    memcmp(before->secret.b, now->secret.b, sizeof now->secret.b) == 0 &&
	    before->secret_version == now->secret_version &&
	    memcmp(before->to.b, now->to.b, sizeof now->to.b) == 0;
}

static enum sr_error lock_nft(struct vault_tx *tx, const struct vault_ticket *ticket, uint64_t id,
    bool *again)
{
	struct vault_ticket open;
	struct vault_nft nft;
	enum sr_error error;

	SR_TRY(vault_nft_load(tx->t, &nft, id));
	error = vault_nft_unlocked(tx->t, &nft, tx->block->time_ms, &open);
	if (error == SR_ERR_TICKET_OPEN && same_request(&open, ticket)) {
		open.closed = true;
		*again = true;
		error = vault_ticket_store(tx, &open);
	} else if (error == SR_OK && !*again) {
		nft.releases++;
	}
	SR_TRY(error);
	nft.open_ticket = ticket->id;
	nft.open_ticket_until_ms = ticket->expires_ms;
	return vault_nft_store(tx, &nft);
}

static void ticket_fill(const struct vault_tx *tx, struct retrieval *r)
{
	struct vault_ticket *ticket = &r->ticket;
	uint64_t latest_ms = vault_add_capped(tx->block->time_ms, VAULT_TICKET_MS);

	ticket->id = tx->op->hash;
	ticket->secret = r->secret.id;
	ticket->secret_version = r->version.version;
	ticket->nft_id = r->facts.nft_id;
	ticket->nft_version = r->body->nft_version;
	ticket->height = tx->block->height;
	ticket->issued_ms = tx->block->time_ms;
	ticket->expires_ms = tx->op->expiry_ms < latest_ms ? tx->op->expiry_ms : latest_ms;
	ticket->requester = tx->op->account;
	ticket->to = r->body->to;
	ticket->label = vault_label(&tx->block->chain_id, &r->secret.id, &r->secret.owner,
	    &r->version.policy_hash);
	memcpy(ticket->tdh2, r->version.key.tdh2, sizeof ticket->tdh2);
	ticket->time_conditioned = vault_policy_timed(&r->policy);
}

static enum sr_error ticket_audit(struct vault_tx *tx, const struct vault_ticket *ticket)
{
	struct vault_event e = vault_event_of_secret(VAULT_EVENT_TICKET, &ticket->secret);

	e.actor = ticket->requester;
	e.detail = ticket->secret_version;
	SR_TRY(vault_audit(tx, &e));
	if (ticket->nft_id == 0)
		return SR_OK;
	e = vault_event_of_number(VAULT_EVENT_TICKET, VAULT_SUBJECT_NFT, ticket->nft_id);
	e.actor = ticket->requester;
	e.detail = ticket->nft_version;
	return vault_audit(tx, &e);
}

static enum sr_error ticket_issue(struct vault_tx *tx, struct retrieval *r)
{
	struct vault_deadline d = { .clock = VAULT_CLOCK_WALL, .kind = VAULT_DEADLINE_TICKET };
	bool again = false;

	ticket_fill(tx, r);
	if (r->facts.nft_id != 0 && r->body->nft_id == 0) {
		struct vault_nft nft;

		SR_TRY(vault_nft_load(tx->t, &nft, r->facts.nft_id));
		r->ticket.nft_version = nft.version;
	}
	SR_TRY(choose_nfts(tx, r));
	for (uint32_t i = 0; i < r->nfts_n; i++)
		SR_TRY(lock_nft(tx, &r->ticket, r->nfts[i], &again));
	SR_TRY(vault_ticket_store(tx, &r->ticket));
	memcpy(d.id, r->ticket.id.b, sizeof d.id);
	d.due_ms = vault_add_capped(r->ticket.expires_ms, VAULT_RECEIPT_KEEP_MS);
	SR_TRY(vault_deadline_add(tx, &d));
	if (!again) {
		r->secret.releases++;
		SR_TRY(vault_secret_store(tx, &r->secret));
	}
	return ticket_audit(tx, &r->ticket);
}

enum sr_error vault_ticket_retrieve(struct vault_tx *tx, const struct vault_op_retrieve *b)
{
	struct retrieval r = { .body = b };

	SR_TRY(vault_secret_load(tx->t, &r.secret, &b->id));
	SR_TRY(secret_alive(&r.secret, tx->block->time_ms));
	tx->refusal_watched = true;
	tx->watched = b->id;
	SR_TRY(version_wanted(tx->t, &r.version, &r.secret, b->version));
	SR_TRY(policy_load(&r.policy, &r.secret));
	SR_TRY(judge(tx, &r));
	return ticket_issue(tx, &r);
}

/* --- TICKET_CLOSE --- */

enum sr_error vault_ticket_close(struct vault_tx *tx, const struct vault_op_ticket_close *b)
{
	struct vault_ticket ticket;
	struct vault_event e;

	SR_TRY(vault_ticket_load(tx->t, &ticket, &b->ticket));
	if (!vault_account_is(&ticket.requester, &tx->op->account))
		return SR_ERR_WRONG_KEY;
	if (ticket.closed)
		return SR_ERR_TICKET_CLOSED;
	ticket.closed = true;
	SR_TRY(vault_ticket_store(tx, &ticket));
	e = vault_event_of_secret(VAULT_EVENT_CLOSED, &ticket.secret);
	e.actor = ticket.requester;
	e.detail = ticket.secret_version;
	return vault_audit(tx, &e);
}

/* --- for releases --- */

enum sr_error vault_ticket_find(struct vault_ticket *out, struct vault_tree *t,
    const struct sr_hash32 *id)
{
	return vault_ticket_load(t, out, id);
}

enum sr_error vault_ticket_dealt(struct vault_dealt *out, struct vault_tree *t,
    const struct vault_ticket *ticket)
{
	struct vault_version version;

	SR_TRY(vault_version_load(t, &version, &ticket->secret, ticket->secret_version));
	if (!vault_key_is_dealt(&version.key))
		return SR_ERR_BAD_KIND;
	return vault_dealt_decode(out, version.key.dealt) == SR_OK ? SR_OK : SR_ERR_DAMAGED;
}

static enum sr_error recheck_on(struct vault_facts *f, bool *holds)
{
	SR_TRY(vault_facts_judge(f));
	*holds = vault_facts_hold(f, 0, NULL);
	return SR_OK;
}

/*
 * Both must say yes: the policy on this state at its own time, and the policy on this state by the
 * enclave's own clock, where a switch must also have had the time to fire. BEFORE has slack on
 * both, since the ticket was issued in time and shares take a moment.
 */
enum sr_error vault_ticket_recheck(struct vault_tree *t, const struct vault_ticket *ticket,
    uint64_t own_time_ms)
{
	struct vault_facts f = { .t = t, .who = &ticket->requester, .to = &ticket->to,
		.nft_id = ticket->nft_id, .before_slack_ms = VAULT_CLOCK_SLACK_MS };
	struct vault_ticket now;
	struct vault_secret secret;
	struct vault_version version;
	struct vault_policy policy;
	struct vault_meta meta;
	bool holds;

	SR_TRY(vault_ticket_load(t, &now, &ticket->id));
	if (now.closed)
		return SR_ERR_TICKET_CLOSED;
	SR_TRY(vault_meta_load(t, &meta));
	SR_TRY(vault_secret_load(t, &secret, &now.secret));
	SR_TRY(secret_alive(&secret, own_time_ms > meta.time_ms ? own_time_ms : meta.time_ms));
	if (own_time_ms >= now.expires_ms || meta.time_ms >= now.expires_ms)
		return SR_ERR_EXPIRED;
	SR_TRY(version_wanted(t, &version, &secret, now.secret_version));
	SR_TRY(policy_load(&policy, &secret));
	f.policy = &policy;
	f.time_ms = meta.time_ms;
	f.uptime_ms = meta.uptime_ms;
	SR_TRY(recheck_on(&f, &holds));
	if (!holds)
		return SR_ERR_POLICY_FALSE;
	if (!now.time_conditioned)
		return SR_OK;
	f.time_ms = own_time_ms;
	f.own_clock = true;
	SR_TRY(recheck_on(&f, &holds));
	if (holds)
		return SR_OK;
	return own_time_ms < meta.time_ms ? SR_ERR_TOO_EARLY : SR_ERR_POLICY_FALSE;
}
