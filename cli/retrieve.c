#include "cli/retrieve.h"

#include <stdlib.h>
#include <string.h>

#include "cli/crypt.h"
#include "cli/dealt.h"

#define TRIES_MAX 4

/* --- which NFT to present --- */

struct presenting {
	struct client *c;
	const struct key *key;
	struct vault_policy *policy;     /* NULL: this key may not read it */
	uint64_t nft_id, nft_version;
	struct sr_hash32 open_ticket;
};

static enum sr_error policy_fetch(struct presenting *p, const struct vault_secret_id *id)
{
	struct vault_secret secret;
	struct looked bytes;
	enum sr_error error = lookup_secret(p->c, p->key, id, &secret, &bytes);

	p->policy = NULL;
	if (error == SR_ERR_TIMED_OUT || error == SR_ERR_NOT_REACHED)
		return error;
	/* A stranger can't read it, but may ask all the same: the refusal is then in the audit. */
	if (error != SR_OK)
		return SR_OK;
	p->policy = malloc(sizeof *p->policy);
	if (p->policy != NULL && vault_policy_decode(p->policy, secret.policy) != SR_OK) {
		free(p->policy);
		p->policy = NULL;
	}
	looked_free(&bytes);
	return SR_OK;
}

static enum sr_error nft_take(struct presenting *p, uint64_t id, bool only_mine, bool *taken)
{
	struct vault_nft nft;
	struct looked bytes;
	enum sr_error error = lookup_nft(p->c, p->key, id, &nft, &bytes);

	*taken = false;
	if (error == SR_ERR_NO_SUCH_NFT && only_mine)
		return SR_OK;
	SR_TRY(error);
	if (!only_mine || vault_account_equal(&nft.owner, &p->key->account)) {
		p->nft_id = id;
		p->nft_version = nft.version;
		p->open_ticket = nft.open_ticket;
		*taken = true;
	}
	looked_free(&bytes);
	return SR_OK;
}

static enum sr_error nft_choose(struct presenting *p, uint64_t wanted)
{
	bool taken = false;

	p->nft_id = p->nft_version = 0;
	if (wanted != 0)
		return nft_take(p, wanted, false, &taken);
	for (uint32_t i = 0; p->policy != NULL && i < p->policy->nodes_n && !taken; i++)
		if (p->policy->nodes[i].kind == VAULT_POLICY_HOLDER)
			SR_TRY(nft_take(p, p->policy->nodes[i].number, true, &taken));
	return SR_OK;
}

/* --- the ticket --- */

/* A ticket that an earlier, interrupted run of ours left open stands in the way: close it. */
static enum sr_error ticket_close(struct client *c, const struct key *key,
    const struct sr_hash32 *ticket, struct client_act *act, union vault_op_body *body)
{
	*act = (struct client_act){ .kind = VAULT_OP_TICKET_CLOSE, .body = body };
	body->ticket_close.ticket = *ticket;
	return client_act(c, key, act);
}

static enum cli_exit ticket_get(struct presenting *p, struct retrieval *r, const struct sr_xpk *to)
{
	union vault_op_body body, closing;
	struct client_act act = { .kind = VAULT_OP_RETRIEVE, .body = &body }, close;
	enum sr_error error;

	for (int i = 0;; i++) {
		error = nft_choose(p, r->nft_id);
		if (error != SR_OK)
			return client_fail(p->c, error, "looking up the NFT to present");
		memset(&body, 0, sizeof body);
		body.retrieve = (struct vault_op_retrieve){ r->id, r->version, p->nft_id,
			p->nft_version, *to };
		if (i + 1 == TRIES_MAX)
			break;
		error = client_act(p->c, p->key, &act);
		if (error != SR_OK)
			return client_fail(p->c, error, "asking for the secret");
		if (act.receipt.code != SR_ERR_TICKET_OPEN &&
		    act.receipt.code != SR_ERR_NFT_VERSION)
			break;
		/* One that was opened since the look-up (an earlier request of ours that waited out
		 * an outage) is seen by the next one. */
		if (act.receipt.code == SR_ERR_TICKET_OPEN && !sr_hash32_is_zero(&p->open_ticket)) {
			error = ticket_close(p->c, p->key, &p->open_ticket, &close, &closing);
			if (error != SR_OK || close.receipt.code != SR_OK)
				break;
		}
		client_rotate(p->c);
	}
	r->ticket = act.hash;
	r->height = act.receipt.height;
	cli_put_number(p->c->cli, "height", act.receipt.height);
	if (act.receipt.code == SR_OK) {
		r->ticket_open = true;
		return CLI_DONE;
	}
	char node[512] = "";
	if (act.receipt.code == SR_ERR_POLICY_FALSE)
		client_policy_node_text(p->policy, act.receipt.detail, node, sizeof node);
	if (node[0] != '\0')
		cli_put_text(p->c->cli, "condition", node);
	if (node[0] != '\0')
		cli_fail(p->c->cli, (enum sr_error)act.receipt.code,
		    "the secret is not released; this is not so: %s", node);
	else if (act.receipt.code == SR_ERR_POLICY_FALSE)
		cli_fail(p->c->cli, (enum sr_error)act.receipt.code,
		    "the secret is not released (node %u of its policy, which this key may not "
		    "read)",
		    act.receipt.detail);
	else
		cli_fail(p->c->cli, (enum sr_error)act.receipt.code, "the secret is not released");
	return CLI_REFUSED;
}

/* --- what the ticket opens --- */

static enum sr_error record_get(struct client *c, const struct key *key, struct retrieval *r,
    uint64_t version)
{
	struct vault_key record = vault_key_version(&r->id, version);
	struct sr_writer w;
	struct sr_reader reader;
	enum sr_error error;

	sr_writer_init(&w, 64);
	sr_write_copy(&w, r->id.b, sizeof r->id.b);
	sr_write_u64(&w, version);
	error = sr_writer_finish(&w);
	if (error == SR_OK)
		error = client_get_proven(c, key, VAULT_GET_VERSION, (struct sr_bytes){ w.p, w.n },
		    &record, &r->bytes.p, &r->bytes.n, NULL, NULL);
	sr_writer_clear(&w);
	SR_TRY(error);
	sr_reader_init(&reader, r->bytes.p, r->bytes.n);
	vault_version_read(&r->record, &reader);
	return sr_reader_finish(&reader);
}

/* Shares are for the ticket's ciphertext: it must be this record's. A ticket of a dealt version has
 * none; its record is the one the ticket names, and its shares must fit that record's dealing. */
static enum sr_error kem_vault(struct client *c, struct retrieval *r,
    const struct vault_ticket *ticket, const struct sr_key32 *e_secret, struct sr_key32 *kem)
{
	if (memcmp(ticket->tdh2, r->record.key.tdh2, sizeof ticket->tdh2) != 0)
		return SR_ERR_BAD_CIPHERTEXT;
	return client_shares(c, &r->ticket, e_secret, ticket->tdh2, &ticket->label, kem);
}

/* The holders may reshare at any time: then the record is read again. */
static enum sr_error kem_dealt(struct client *c, const struct key *key, struct retrieval *r,
    const struct vault_ticket *ticket, const struct sr_key32 *e_secret, struct sr_key32 *kem)
{
	struct vault_dealt dealt;
	bool moved = true;
	enum sr_error error = SR_OK;

	for (unsigned i = 0; i < TRIES_MAX && moved; i++) {
		if (i > 0) {
			looked_free(&r->bytes);
			SR_TRY(record_get(c, key, r, ticket->secret_version));
		}
		SR_TRY(vault_dealt_decode(&dealt, r->record.key.dealt));
		error = dealt_shares(c, &r->ticket, e_secret, &dealt, &ticket->label, kem,
		    &moved);
	}
	return error;
}

static enum cli_exit open_ticket(struct client *c, const struct key *key, struct retrieval *r,
    const struct sr_key32 *e_secret)
{
	struct vault_ticket ticket;
	struct looked bytes;
	SR_KEY32_AUTO kem;
	enum sr_error error = lookup_ticket(c, key, &r->ticket, &ticket, &bytes);

	if (error != SR_OK)
		return client_fail(c, error, "reading the ticket");
	looked_free(&bytes);
	error = record_get(c, key, r, ticket.secret_version);
	if (error != SR_OK)
		return client_fail(c, error, "reading the secret's record");
	if (vault_ticket_is_dealt(&ticket) != vault_key_is_dealt(&r->record.key))
		return cli_fail(c->cli, SR_ERR_BAD_CIPHERTEXT, "the ticket is for another record");
	error = vault_ticket_is_dealt(&ticket) ? kem_dealt(c, key, r, &ticket, e_secret, &kem) :
	    kem_vault(c, r, &ticket, e_secret, &kem);
	if (error != SR_OK)
		return client_fail(c, error, "collecting the members' shares");
	error = crypt_unwrap_kem(&r->dek, &r->record.key, &ticket.label, &kem);
	if (error != SR_OK)
		return cli_fail(c->cli, error, "unwrapping the secret's key");
	return CLI_DONE;
}

enum cli_exit retrieve_run(struct client *c, const struct key *key, struct retrieval *r)
{
	struct presenting p = { .c = c, .key = key };
	SR_KEY32_AUTO e_secret;
	struct sr_xpk to;
	enum sr_error error = policy_fetch(&p, &r->id);
	enum cli_exit rc;

	if (error == SR_OK && r->to == NULL)
		error = sr_drbg_fill(&c->drbg, e_secret.b, sizeof e_secret.b);
	else if (error == SR_OK)
		e_secret = *r->to;
	if (error != SR_OK)
		return client_fail(c, error, "looking up the secret");
	sr_x25519_public(&to, &e_secret);
	rc = ticket_get(&p, r, &to);
	free(p.policy);
	return rc == CLI_DONE ? open_ticket(c, key, r, &e_secret) : rc;
}

void retrieve_close(struct client *c, const struct key *key, struct retrieval *r)
{
	union vault_op_body body;
	struct client_act act;
	enum sr_error error;

	if (!r->ticket_open)
		return;
	error = ticket_close(c, key, &r->ticket, &act, &body);
	if (error == SR_OK)
		error = (enum sr_error)act.receipt.code;
	if (error != SR_OK)
		cli_warn(c->cli, "strongroom: the ticket stays open until it expires (%s)\n",
		    sr_error_name((unsigned)error));
	r->ticket_open = false;
}

void retrieve_clear(struct retrieval *r)
{
	sr_key32_wipe(&r->dek);
	looked_free(&r->bytes);
}
