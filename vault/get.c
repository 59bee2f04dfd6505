#include "vault/internal.h"

#include <string.h>

/* --- who may see what --- */

/* 'after(2030-01-01)' names nobody: whoever the policy lets in now may see what a ticket opens. */
static enum sr_error policy_admits(const struct vault_tree *t, const struct vault_policy *policy,
    const struct vault_account *who, bool *admits)
{
	struct vault_facts f = { .t = t, .policy = policy, .who = who };
	struct vault_meta meta;

	SR_TRY(vault_meta_load(t, &meta));
	f.time_ms = meta.time_ms;
	f.uptime_ms = meta.uptime_ms;
	SR_TRY(vault_facts_judge(&f));
	*admits = vault_facts_hold(&f, 0, NULL);
	return SR_OK;
}

/* The owner, whom a leaf of the policy names, who holds an NFT that it names, whom it lets in now.
 */
static enum sr_error secret_visible(const struct vault_tree *t, const struct vault_secret *secret,
    const struct vault_account *who, bool *visible)
{
	struct vault_policy policy;
	struct vault_switch w;
	struct vault_nft nft;

	*visible = vault_account_is(&secret->owner, who);
	if (*visible || who->kind == VAULT_ACCOUNT_NONE || secret->deleted)
		return SR_OK;
	if (vault_policy_decode(&policy, secret->policy) != SR_OK)
		return SR_ERR_DAMAGED;
	for (uint32_t i = 0; i < policy.nodes_n && !*visible; i++) {
		const struct vault_policy_node *node = &policy.nodes[i];

		if (node->kind == VAULT_POLICY_ACCOUNT) {
			*visible = vault_account_is(&node->account, who);
		} else if (node->kind == VAULT_POLICY_HOLDER) {
			SR_TRY(vault_nft_load(t, &nft, node->number));
			*visible = vault_account_is(&nft.owner, who);
		} else if (node->kind == VAULT_POLICY_HEIR) {
			SR_TRY(vault_switch_load(t, &w, node->number));
			for (uint32_t h = 0; h < w.settings.heirs_n; h++)
				*visible |= vault_account_is(&w.settings.heirs[h], who);
		}
	}
	return *visible ? SR_OK : policy_admits(t, &policy, who, visible);
}

/* A secret that the requester may see, as the owner or at all. */
static enum sr_error secret_for(const struct vault_tree *t, struct vault_secret *secret,
    const struct vault_secret_id *id, const struct vault_account *who, bool owner_only)
{
	bool visible;

	SR_TRY(vault_secret_load(t, secret, id));
	if (owner_only)
		return vault_account_is(&secret->owner, who) ? SR_OK : SR_ERR_NOT_OWNER;
	SR_TRY(secret_visible(t, secret, who, &visible));
	return visible ? SR_OK : SR_ERR_WRONG_KEY;
}

/* As readers see it: nothing tells a frozen switch, and only the owner sees the duress key. */
static void switch_mask(struct vault_switch *w, const struct vault_account *who)
{
	w->state = vault_switch_shown(w);
	if (!vault_account_is(&w->owner, who))
		w->settings.duress = (struct vault_account){ .kind = VAULT_ACCOUNT_NONE };
}

/* --- parameters --- */

struct params {
	uint64_t number, after;
	struct vault_account account;
	struct vault_secret_id id, after_id;
	uint8_t subject, subject_id[16];
	struct sr_hash32 hash;
	struct sr_bytes measurement;
};

static enum sr_error params_read(struct params *p, enum vault_get_kind kind, struct sr_bytes bytes)
{
	struct sr_reader r;

	memset(p, 0, sizeof *p);
	sr_reader_init(&r, bytes.p, bytes.n);
	switch (kind) {
	case VAULT_GET_ACCOUNT:
		vault_account_read(&p->account, &r, false);
		break;
	case VAULT_GET_NFT:
	case VAULT_GET_COLLECTION:
	case VAULT_GET_SWITCH:
		p->number = sr_read_u64(&r);
		break;
	case VAULT_GET_NFTS:
	case VAULT_GET_SWITCHES:
		vault_account_read(&p->account, &r, false);
		p->after = sr_read_u64(&r);
		break;
	case VAULT_GET_SECRET:
		sr_read_copy(&r, p->id.b, sizeof p->id.b);
		break;
	case VAULT_GET_SECRETS:
		vault_account_read(&p->account, &r, false);
		sr_read_copy(&r, p->after_id.b, sizeof p->after_id.b);
		break;
	case VAULT_GET_SECRETS_OF_NFT:
		p->number = sr_read_u64(&r);
		sr_read_copy(&r, p->after_id.b, sizeof p->after_id.b);
		break;
	case VAULT_GET_VERSION:
	case VAULT_GET_HISTORY:
		sr_read_copy(&r, p->id.b, sizeof p->id.b);
		p->after = sr_read_u64(&r);
		break;
	case VAULT_GET_EVENTS:
		p->subject = sr_read_u8(&r);
		sr_read_copy(&r, p->subject_id, sizeof p->subject_id);
		p->after = sr_read_u64(&r);
		break;
	case VAULT_GET_RECEIPT:
	case VAULT_GET_TICKET:
	case VAULT_GET_ATTESTATION:
		p->hash = sr_read_hash(&r);
		break;
	case VAULT_GET_ATTESTATIONS_OF:
		p->measurement = sr_read_blob(
		    &r, sizeof((struct vault_attestation *)0)->measurement);
		p->after = sr_read_u64(&r);
		break;
	case VAULT_GET_ATTESTATIONS:
		p->after = sr_read_u64(&r);
		break;
	case VAULT_GET_META:
		break;
	default: /* a number from the wire */
		return SR_ERR_BAD_KIND;
	}
	return sr_reader_finish(&r);
}

/* --- single records --- */

static enum sr_error raw(struct sr_writer *out, const struct vault_tree *t,
    const struct vault_key *key, enum sr_error absent)
{
	struct sr_bytes value = vault_tree_get(t, key);

	if (value.p == NULL)
		return absent;
	sr_write_copy(out, value.p, value.n);
	return out->error;
}

static enum sr_error get_account(struct sr_writer *out, const struct vault_tree *t,
    const struct params *p)
{
	struct vault_key key = vault_key_account(&p->account);
	struct vault_account_record record;
	bool known;

	SR_TRY(vault_account_load(t, &record, &known, &p->account, &key));
	vault_account_record_write(out, &record);
	return out->error;
}

static enum sr_error get_version(struct sr_writer *out, const struct vault_tree *t,
    const struct params *p, const struct vault_account *who)
{
	struct vault_secret secret;
	struct vault_key key;

	SR_TRY(secret_for(t, &secret, &p->id, who, false));
	if (secret.deleted)
		return SR_ERR_DELETED;
	key = vault_key_version(&p->id, p->after != 0 ? p->after : secret.version);
	return raw(out, t, &key, SR_ERR_NO_SUCH_VERSION);
}

static enum sr_error get_switch(struct sr_writer *out, const struct vault_tree *t,
    const struct params *p, const struct vault_account *who)
{
	struct vault_switch w;

	SR_TRY(vault_switch_load(t, &w, p->number));
	if (!vault_switch_concerns(&w, who))
		return SR_ERR_WRONG_KEY;
	switch_mask(&w, who);
	vault_switch_write(out, &w);
	return out->error;
}

static enum sr_error get_ticket(struct sr_writer *out, const struct vault_tree *t,
    const struct params *p, const struct vault_account *who)
{
	struct vault_ticket ticket;
	struct vault_secret secret;

	SR_TRY(vault_ticket_load(t, &ticket, &p->hash));
	SR_TRY(vault_secret_load(t, &secret, &ticket.secret));
	if (!vault_account_is(&ticket.requester, who) && !vault_account_is(&secret.owner, who))
		return SR_ERR_WRONG_KEY;
	vault_ticket_write(out, &ticket);
	return out->error;
}

/* --- lists --- */

struct listing {
	const struct vault_tree *t;
	const struct vault_account *who;
	struct vault_key after;          /* listed are the keys above it */
	enum vault_get_kind kind;
	bool own_events_only;
	uint32_t n;
	bool more;
	struct sr_writer entries, one;
	enum sr_error error;
};

static bool listing_add(struct listing *l, const uint8_t *p, size_t n)
{
	if (l->n == VAULT_LIST_MAX || l->entries.n + 4 + n > VAULT_LIST_BYTES_MAX) {
		l->more = true;
		return false;
	}
	sr_write_blob(&l->entries, p, n);
	l->n++;
	l->error = l->entries.error;
	return l->error == SR_OK;
}

static bool above(const struct listing *l, const struct vault_key *key)
{
	return memcmp(key->b, l->after.b, sizeof key->b) > 0;
}

static bool visit_switch(struct listing *l, uint64_t id)
{
	struct vault_switch w;

	l->error = vault_switch_load(l->t, &w, id);
	if (l->error != SR_OK)
		return false;
	if (!vault_switch_concerns(&w, l->who)) /* a delegate of the past */
		return true;
	switch_mask(&w, l->who);
	sr_writer_reset(&l->one);
	vault_switch_write(&l->one, &w);
	l->error = l->one.error;
	return l->error == SR_OK && listing_add(l, l->one.p, l->one.n);
}

/* An index entry stands for the record whose id is its value. */
static bool visit_index(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct listing *l = ctx;
	struct vault_key target;
	struct vault_secret_id id;
	struct sr_hash32 hash;
	struct sr_bytes record;

	if (!above(l, key))
		return true;
	if (value.n == sizeof id.b) {
		memcpy(id.b, value.p, sizeof id.b);
		target = vault_key_secret(&id);
	} else if (value.n == sizeof hash.b) {
		memcpy(hash.b, value.p, sizeof hash.b);
		target = vault_key_hash(VAULT_REC_ATTESTATION, &hash);
	} else if (value.n == 8 && l->kind == VAULT_GET_SWITCHES) {
		return visit_switch(l, vault_get_be64(value.p));
	} else {
		target = vault_key_number(
		    VAULT_REC_NFT, value.n == 8 ? vault_get_be64(value.p) : 0);
	}
	record = vault_tree_get(l->t, &target);
	l->error = record.p == NULL ? SR_ERR_DAMAGED : SR_OK;
	return l->error == SR_OK && listing_add(l, record.p, record.n);
}

static bool visit_record(void *ctx, const struct vault_key *key, struct sr_bytes value)
{
	struct listing *l = ctx;
	struct vault_event event;
	struct sr_reader r;

	if (!above(l, key))
		return true;
	if (l->own_events_only) {
		sr_reader_init(&r, value.p, value.n);
		vault_event_read(&event, &r);
		if (sr_reader_finish(&r) != SR_OK)
			l->error = SR_ERR_DAMAGED;
		if (l->error != SR_OK || !vault_account_is(&event.actor, l->who))
			return l->error == SR_OK;
	}
	return listing_add(l, value.p, value.n);
}

static enum sr_error listing_run(struct listing *l, struct sr_writer *out, size_t prefix,
    bool (*visit)(void *, const struct vault_key *, struct sr_bytes))
{
	sr_writer_init(&l->entries, VAULT_LIST_BYTES_MAX);
	sr_writer_init(&l->one, VAULT_VALUE_MAX);
	vault_tree_walk(l->t, &l->after, prefix, visit, l);
	if (l->error == SR_OK) {
		sr_write_u32(out, l->n);
		sr_write_bool(out, l->more);
		sr_write_copy(out, l->entries.p, l->entries.n);
		l->error = out->error;
	}
	sr_writer_clear(&l->entries);
	sr_writer_clear(&l->one);
	return l->error;
}

static enum sr_error list_indexed(struct listing *l, struct sr_writer *out, const struct params *p)
{
	struct vault_nft nft;

	if (l->kind == VAULT_GET_SECRETS_OF_NFT) {
		SR_TRY(vault_nft_load(l->t, &nft, p->number));
		if (!vault_account_is(&nft.owner, l->who))
			return SR_ERR_NOT_HOLDER;
		l->after = vault_index_nft_secret(p->number, &p->after_id);
	} else if (l->kind == VAULT_GET_NFTS) {
		l->after = vault_index_number(VAULT_INDEX_NFTS, &p->account, p->after);
	} else if (!vault_account_is(&p->account, l->who)) {
		return SR_ERR_NOT_OWNER;
	} else if (l->kind == VAULT_GET_SECRETS) {
		l->after = vault_index_secret(&p->account, &p->after_id);
	} else {
		l->after = vault_index_number(VAULT_INDEX_SWITCHES, &p->account, p->after);
	}
	return listing_run(l, out, VAULT_INDEX_PREFIX, visit_index);
}

/* Newest first: those below the number, or all. */
static enum sr_error list_attested(struct listing *l, struct sr_writer *out,
    const struct params *p)
{
	uint64_t before = p->after != 0 ? p->after : UINT64_MAX;

	l->after = l->kind == VAULT_GET_ATTESTATIONS ? vault_index_attested(before) :
	    vault_index_measured(p->measurement, before);
	return listing_run(l, out, VAULT_INDEX_PREFIX, visit_index);
}

static enum sr_error list_history(struct listing *l, struct sr_writer *out, const struct params *p)
{
	struct vault_secret secret;

	SR_TRY(secret_for(l->t, &secret, &p->id, l->who, true));
	l->after = vault_key_version(&p->id, p->after);
	return listing_run(l, out, 1 + sizeof p->id.b, visit_record);
}

static uint64_t subject_number(const uint8_t id[16])
{
	uint64_t v = 0;

	for (unsigned i = 8; i-- > 0; )
		v = v << 8 | id[i];
	return v;
}

/* The registry is public. An NFT's holder, a secret's owner and whom a switch concerns see all; who
 * else may see the secret, and who once had to do with the NFT, their own part. */
static enum sr_error list_events(struct listing *l, struct sr_writer *out, const struct params *p)
{
	struct vault_secret_id id;
	struct vault_secret secret;
	struct vault_switch w;
	struct vault_nft nft;
	static const uint8_t zeros[8];

	if (p->subject == VAULT_SUBJECT_SECRET) {
		memcpy(id.b, p->subject_id, sizeof id.b);
		SR_TRY(vault_secret_load(l->t, &secret, &id));
		l->own_events_only = !vault_account_is(&secret.owner, l->who);
	} else if (p->subject != VAULT_SUBJECT_ATTESTATION &&
	    memcmp(p->subject_id + 8, zeros, sizeof zeros) != 0) {
		return SR_ERR_BAD_ENCODING;
	} else if (p->subject == VAULT_SUBJECT_NFT) {
		SR_TRY(vault_nft_load(l->t, &nft, subject_number(p->subject_id)));
		l->own_events_only = !vault_account_is(&nft.owner, l->who);
	} else if (p->subject == VAULT_SUBJECT_SWITCH) {
		SR_TRY(vault_switch_load(l->t, &w, subject_number(p->subject_id)));
		if (!vault_switch_concerns(&w, l->who))
			return SR_ERR_WRONG_KEY;
	} else if (p->subject != VAULT_SUBJECT_ATTESTATION) {
		return SR_ERR_BAD_KIND;
	}
	if (l->who->kind == VAULT_ACCOUNT_NONE && p->subject != VAULT_SUBJECT_ATTESTATION)
		return SR_ERR_WRONG_KEY;
	l->after = vault_key_event((enum vault_subject)p->subject, p->subject_id, p->after);
	return listing_run(l, out, 2 + sizeof p->subject_id, visit_record);
}

/* --- the doors --- */

/* The key of a single record that is stored as it is read. */
static enum sr_error single_key(struct vault_key *key, enum vault_get_kind kind,
    const struct params *p, enum sr_error *absent)
{
	*absent = SR_ERR_NOT_FOUND;
	if (kind == VAULT_GET_ACCOUNT)
		*key = vault_key_account(&p->account);
	else if (kind == VAULT_GET_NFT)
		*key = vault_key_number(VAULT_REC_NFT, p->number);
	else if (kind == VAULT_GET_COLLECTION)
		*key = vault_key_number(VAULT_REC_COLLECTION, p->number);
	else if (kind == VAULT_GET_SECRET)
		*key = vault_key_secret(&p->id);
	else if (kind == VAULT_GET_VERSION && p->after != 0)
		*key = vault_key_version(&p->id, p->after);
	else if (kind == VAULT_GET_RECEIPT)
		*key = vault_key_hash(VAULT_REC_RECEIPT, &p->hash);
	else if (kind == VAULT_GET_TICKET)
		*key = vault_key_hash(VAULT_REC_TICKET, &p->hash);
	else if (kind == VAULT_GET_ATTESTATION)
		*key = vault_key_hash(VAULT_REC_ATTESTATION, &p->hash);
	else if (kind == VAULT_GET_META)
		*key = vault_key_meta();
	else
		return SR_ERR_BAD_KIND;
	if (kind == VAULT_GET_NFT)
		*absent = SR_ERR_NO_SUCH_NFT;
	if (kind == VAULT_GET_ATTESTATION)
		*absent = SR_ERR_NOT_ATTESTED;
	return SR_OK;
}

/* Judged, or still waiting, or neither. A key holds but 31 bytes of an id: the record must be of
 * all 32. */
static enum sr_error get_attestation(struct sr_writer *out, const struct vault_tree *t,
    const struct params *p)
{
	struct vault_attestation a;
	struct vault_pending waiting;
	enum sr_error error = vault_pending_load(t, &waiting, &p->hash);

	if (error == SR_OK)
		return sr_hash32_equal(&waiting.id, &p->hash) ? SR_ERR_NOT_READY :
		    SR_ERR_NOT_ATTESTED;
	if (error != SR_ERR_NOT_FOUND)
		return error;
	SR_TRY(vault_attestation_load(t, &a, &p->hash));
	if (!sr_hash32_equal(&a.id, &p->hash))
		return SR_ERR_NOT_ATTESTED;
	vault_attestation_write(out, &a);
	return out->error;
}

enum sr_error vault_get_key(struct vault_key *key, enum vault_get_kind kind, struct sr_bytes params)
{
	enum sr_error absent;
	struct params p;

	SR_TRY(params_read(&p, kind, params));
	return single_key(key, kind, &p, &absent);
}

enum sr_error vault_get(struct sr_writer *out, struct vault_tree *t, enum vault_get_kind kind,
    struct sr_bytes params, const struct vault_account *requester)
{
	struct listing l = { .t = t, .who = requester, .kind = kind };
	struct vault_secret secret;
	enum sr_error absent;
	struct vault_key key;
	struct params p;

	SR_TRY(params_read(&p, kind, params));
	switch (kind) {
	case VAULT_GET_ACCOUNT:
		return get_account(out, t, &p);
	case VAULT_GET_SECRET:
		SR_TRY(secret_for(t, &secret, &p.id, requester, false));
		break;
	case VAULT_GET_VERSION:
		return get_version(out, t, &p, requester);
	case VAULT_GET_SWITCH:
		return get_switch(out, t, &p, requester);
	case VAULT_GET_TICKET:
		return get_ticket(out, t, &p, requester);
	case VAULT_GET_NFTS:
	case VAULT_GET_SECRETS:
	case VAULT_GET_SECRETS_OF_NFT:
	case VAULT_GET_SWITCHES:
		return list_indexed(&l, out, &p);
	case VAULT_GET_HISTORY:
		return list_history(&l, out, &p);
	case VAULT_GET_ATTESTATION:
		return get_attestation(out, t, &p);
	case VAULT_GET_ATTESTATIONS:
	case VAULT_GET_ATTESTATIONS_OF:
		return list_attested(&l, out, &p);
	case VAULT_GET_EVENTS:
		return list_events(&l, out, &p);
	case VAULT_GET_NFT:
	case VAULT_GET_COLLECTION:
	case VAULT_GET_RECEIPT:
	case VAULT_GET_META:
		break;
	}
	SR_TRY(single_key(&key, kind, &p, &absent));
	return raw(out, t, &key, absent);
}
