/* Operations: signed here, final there. */
#include "cli/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/rpc.h"
#include "cli/submit.h"
#include "shamir/tdh2.h"

#define EXPIRY_SLACK_MS 15000u       /* clocks differ */
#define FORMS_MAX 16u                /* of one operation: epochs that end while it is tried */

/* --- questions to all members, as anyone may ask them --- */

static enum sr_error question_write(
    struct sr_writer *w, enum vault_get_kind kind, struct sr_bytes params)
{
	const struct vault_account nobody = { 0 };

	sr_write_u8(w, (uint8_t)kind);
	sr_write_bool(w, false);
	vault_account_write(w, &nobody);
	sr_write_u64(w, cli_now_ms());
	sr_write_blob(w, params.p, params.n);
	sr_write_blob(w, NULL, 0);
	return sr_writer_finish(w);
}

static enum sr_error account_write(struct sr_writer *w, const struct vault_account *a)
{
	sr_writer_init(w, 64);
	vault_account_write(w, a);
	return sr_writer_finish(w);
}

/* --- the nonce --- */

/* A nonce that is too high would make an operation that waits for its turn: it could be brought
 * after another one was signed in its place. So what counts is what f+1 members say at least. */
struct nonces {
	struct client *client;
	uint64_t said[SR_MEMBERS_MAX];   /* falling */
	bool by[SR_MEMBERS_MAX];
	uint32_t n;
	bool moved;
};

static bool nonce_take(void *ctx, uint32_t member, enum sr_error error, enum sr_error code,
    const uint8_t *answer, size_t n)
{
	struct nonces *s = ctx;
	struct vault_account_record record;
	struct sr_reader r;
	uint32_t at;

	if (error == SR_ERR_WRONG_EPOCH)
		s->moved = true;
	if (error != SR_OK || code != SR_OK || s->by[member])
		return false;
	sr_reader_init(&r, answer, n);
	vault_account_record_read(&record, &r);
	if (sr_reader_finish(&r) != SR_OK)
		return false;
	for (at = s->n; at > 0 && s->said[at - 1] < record.nonce; at--)
		s->said[at] = s->said[at - 1];
	s->said[at] = record.nonce;
	s->by[member] = true;
	/* A quorum: one of those who confirmed the account's last operation is among them. */
	return ++s->n >= consensus_quorum(s->client->epoch->n);
}

static enum sr_error nonce_ask(struct client *c, struct sr_bytes question, uint64_t *nonce)
{
	struct nonces s;

	for (;;) {
		s = (struct nonces){ .client = c };
		SR_TRY(client_ask_all(c, CLIENT_GET, question, NULL, nonce_take, &s));
		if (s.n > client_faults(c)) {
			*nonce = s.said[client_faults(c)];
			return SR_OK;
		}
		if (cli_left_ms(c->cli) == 0)
			return SR_ERR_TIMED_OUT;
		if (!s.moved || !client_epoch_moved(c))
			cli_pause_ms(100);
	}
}

static enum sr_error nonce_fetch(struct client *c, const struct key *key, uint64_t *nonce)
{
	struct sr_writer params, question;
	enum sr_error error;

	if (vault_account_equal(&c->nonce.account, &key->account)) {
		*nonce = c->nonce.next;
		return SR_OK;
	}
	sr_writer_init(&question, 256);
	error = account_write(&params, &key->account);
	if (error == SR_OK)
		error = question_write(
		    &question, VAULT_GET_ACCOUNT, (struct sr_bytes){ params.p, params.n });
	if (error == SR_OK)
		error = nonce_ask(c, (struct sr_bytes){ question.p, question.n }, nonce);
	sr_writer_clear(&params);
	sr_writer_clear(&question);
	return error;
}

/* --- one operation's bytes --- */

/* An operation that its client no longer waits for should not happen long after. */
static uint64_t expiry_ms(const struct client *c)
{
	uint64_t ms = cli_left_ms(c->cli) + EXPIRY_SLACK_MS;

	return ms < VAULT_OP_LIFETIME_MAX_MS / 2 ? ms : VAULT_OP_LIFETIME_MAX_MS / 2;
}

static enum sr_error op_make(struct client *c, const struct key *key, struct client_act *act,
    uint64_t nonce, struct sr_writer *w, union vault_op_body *body)
{
	uint8_t signature[65];
	size_t signature_n;
	struct vault_op op;

	sr_writer_reset(w);
	if (act->fill != NULL)
		SR_TRY(act->fill(act->ctx, c, act->body, nonce));
	vault_op_write_signed(w, &c->genesis->chain_id, c->epoch->epoch, &key->account, nonce,
	    cli_now_ms() + expiry_ms(c), act->kind, act->body);
	SR_TRY(w->error);
	SR_TRY(key_sign(
	    signature, &signature_n, key, "strongroom op v1", "Strongroom operation", w->p, w->n));
	vault_op_write_signature(w, signature, signature_n);
	SR_TRY(sr_writer_finish(w));
	/* Read back as the members will: what they would refuse as misformed is not sent. */
	SR_TRY(vault_op_decode(&op, w->p, w->n));
	SR_TRY(vault_op_body_decode(body, act->kind, op.body));
	act->hash = op.hash;
	return SR_OK;
}

/* --- is it done? --- */

/* A member that lies, or has fallen behind, may say "done" alone: it counts from f+1 (ask.c says
 * why). */
struct confirming {
	struct client *client;
	const struct vault_receipt *receipt;
	bool said[SR_MEMBERS_MAX];
	uint32_t n;
	bool moved;
};

static bool confirm_take(void *ctx, uint32_t member, enum sr_error error, enum sr_error code,
    const uint8_t *answer, size_t n)
{
	struct confirming *f = ctx;
	struct vault_receipt receipt;

	if (error == SR_ERR_WRONG_EPOCH)
		f->moved = true;
	if (error == SR_OK && code == SR_OK && submit_receipt(&receipt, answer, n) == SR_OK
	    && sr_hash32_equal(&receipt.op, &f->receipt->op) && receipt.code == f->receipt->code
	    && receipt.height == f->receipt->height && receipt.id == f->receipt->id
	    && !f->said[member]) {
		f->said[member] = true;
		f->n++;
	}
	return f->n > client_faults(f->client);
}

static enum sr_error confirm_done(struct client *c, const struct vault_receipt *receipt)
{
	struct confirming f = { .client = c, .receipt = receipt, .n = 1 };
	struct sr_writer question;
	unsigned pause_ms = 5;
	enum sr_error error;

	f.said[c->order[0]] = true;      /* who said it first */
	sr_writer_init(&question, 256);
	error = question_write(&question, VAULT_GET_RECEIPT,
	    (struct sr_bytes){ receipt->op.b, sizeof receipt->op.b });
	while (error == SR_OK && f.n <= client_faults(c)) {
		f.moved = false;
		error = client_ask_all(c, CLIENT_GET, (struct sr_bytes){ question.p, question.n },
		    f.said, confirm_take, &f);
		if (error != SR_OK || f.n > client_faults(c))
			break;
		if (cli_left_ms(c->cli) == 0)
			error = SR_ERR_TIMED_OUT;
		else if (f.moved && client_epoch_moved(c))
			f = (struct confirming){ .client = c, .receipt = receipt };
		else
			cli_pause_ms(pause_ms = pause_ms < 100 ? pause_ms * 2 : 100);
	}
	sr_writer_clear(&question);
	return error;
}

static enum sr_error submit(struct client *c, const struct sr_writer *op, struct client_act *act)
{
	enum sr_error error = submit_op(
	    c, (struct sr_bytes){ op->p, op->n }, &act->hash, &act->receipt);

	return error == SR_OK && act->receipt.code == SR_OK ? confirm_done(c, &act->receipt)
	    : error;
}

/* --- once, whatever happens --- */

/* An operation and all its forms that were ever sent: one nonce, so one of them at most counts. */
struct acting {
	struct client *c;
	const struct key *key;
	struct client_act *act;
	uint64_t nonce;
	struct sr_hash32 forms[FORMS_MAX];
	unsigned forms_n;
	struct sr_writer op;
	union vault_op_body *scratch;
};

static enum sr_error form_make(struct acting *a)
{
	if (a->forms_n == FORMS_MAX)
		return SR_ERR_TIMED_OUT;
	SR_TRY(op_make(a->c, a->key, a->act, a->nonce, &a->op, a->scratch));
	a->forms[a->forms_n++] = a->act->hash;
	return SR_OK;
}

/* The account's nonce as the state proves it, and since which block. */
static enum sr_error nonce_prove(struct acting *a, uint64_t *nonce, uint64_t *height)
{
	struct vault_key record = vault_key_account(&a->key->account);
	struct vault_account_record account = { 0 };
	struct sr_writer params;
	uint8_t *value = NULL;
	size_t n = 0;
	bool present;
	enum sr_error error = account_write(&params, &a->key->account);

	if (error == SR_OK)
		error = client_get_at(a->c, a->key, VAULT_GET_ACCOUNT,
		    (struct sr_bytes){ params.p, params.n }, &record, 0, height, &present, &value,
		    &n);
	sr_writer_clear(&params);
	if (error == SR_OK && present) {
		struct sr_reader r;

		sr_reader_init(&r, value, n);
		vault_account_record_read(&account, &r);
		error = sr_reader_finish(&r);
	}
	client_answer_free(value, n);
	*nonce = account.nonce;
	return error;
}

/* Was it this form? The state of that height or later has its receipt, or proves that it has
 * none. */
static enum sr_error form_look(
    struct acting *a, const struct sr_hash32 *form, uint64_t height, bool *done)
{
	struct vault_key record = vault_key_hash(VAULT_REC_RECEIPT, form);
	uint8_t *value;
	size_t n;
	uint64_t at;
	enum sr_error error = client_get_at(a->c, a->key, VAULT_GET_RECEIPT,
	    (struct sr_bytes){ form->b, sizeof form->b }, &record, height, &at, done, &value, &n);

	if (error == SR_OK && *done) {
		error = submit_receipt(&a->act->receipt, value, n);
		a->act->hash = *form;
	}
	client_answer_free(value, n);
	return error;
}

/* A quorum says that the nonce is used up: by a form of ours, or by something else. Only proofs
 * count here: on a wrong "something else" it would be done twice. */
static enum sr_error replayed(struct acting *a, bool *done)
{
	uint64_t nonce, height;

	*done = false;
	SR_TRY(nonce_prove(a, &nonce, &height));
	if (nonce <= a->nonce) {
		/* The proof lags by a block. */
		if (cli_left_ms(a->c->cli) == 0)
			return SR_ERR_TIMED_OUT;
		cli_pause_ms(50);
		return SR_OK;
	}
	for (unsigned i = 0; i < a->forms_n && !*done; i++)
		SR_TRY(form_look(a, &a->forms[i], height, done));
	if (*done)
		return SR_OK;
	/* The proof is a block old; whoever was faster may have gone on meanwhile. */
	memset(&a->c->nonce, 0, sizeof a->c->nonce);
	SR_TRY(nonce_fetch(a->c, a->key, &a->nonce));
	if (a->nonce < nonce)
		a->nonce = nonce;
	a->forms_n = 0;
	return form_make(a);
}

static enum sr_error act_run(struct acting *a)
{
	bool done = false;

	SR_TRY(nonce_fetch(a->c, a->key, &a->nonce));
	SR_TRY(form_make(a));
	while (!done) {
		enum sr_error error = submit(a->c, &a->op, a->act);

		if (error == SR_ERR_WRONG_EPOCH) {
			SR_TRY(form_make(a));
			continue;
		}
		SR_TRY(error);
		if (a->act->receipt.code != SR_ERR_NONCE_REPLAYED)
			break;
		SR_TRY(replayed(a, &done));
	}
	return SR_OK;
}

enum sr_error client_act(struct client *self, const struct key *key, struct client_act *act)
{
	struct acting a = {
		.c = self, .key = key, .act = act, .scratch = malloc(sizeof *a.scratch)
	};
	enum sr_error error = SR_ERR_NO_MEMORY;

	sr_writer_init(&a.op, SR_OP_MAX);
	if (a.scratch != NULL)
		error = act_run(&a);
	memset(&self->nonce, 0, sizeof self->nonce);
	if (error == SR_OK && act->receipt.code == SR_OK) {
		self->nonce.account = key->account;
		self->nonce.next = a.nonce + 1;
	}
	sr_writer_clear(&a.op);
	free(a.scratch);
	return error;
}

/* --- saying what happened --- */

enum cli_exit client_fail(struct client *self, enum sr_error error, const char *what)
{
	if ((error == SR_ERR_TIMED_OUT || error == SR_ERR_NOT_REACHED) && self->trouble[0] != '\0')
		return cli_fail(self->cli, error, "%s (last: %s)", what, self->trouble);
	return cli_fail(self->cli, error, "%s", what);
}

/* Prefix order: a subtree is a run of nodes. */
static uint32_t subtree_end(const struct vault_policy *p, uint32_t index)
{
	uint32_t end = index + 1, child = p->nodes[index].first_child;

	for (uint32_t i = 0; i < p->nodes[index].children_n; i++) {
		end = subtree_end(p, child);
		child = p->nodes[child].next_sibling;
	}
	return end;
}

void client_policy_node_text(const struct vault_policy *policy, uint32_t index, char *out, size_t n)
{
	struct vault_policy *part;
	struct sr_writer w;
	uint32_t end;

	out[0] = '\0';
	if (policy == NULL || index >= policy->nodes_n || (part = calloc(1, sizeof *part)) == NULL)
		return;
	end = subtree_end(policy, index);
	for (uint32_t i = index; i < end; i++) {
		struct vault_policy_node *node = &part->nodes[part->nodes_n++];

		*node = policy->nodes[i];
		if (node->first_child != 0)
			node->first_child = (uint16_t)(node->first_child - index);
		if (node->next_sibling != 0)
			node->next_sibling = i == index ? 0
							: (uint16_t)(node->next_sibling - index);
	}
	sr_writer_init(&w, VAULT_POLICY_BYTES_MAX * 8);
	vault_policy_text(&w, part);
	if (sr_writer_finish(&w) == SR_OK)
		snprintf(out, n, "%.*s", (int)w.n, (const char *)w.p);
	sr_writer_clear(&w);
	free(part);
}

enum cli_exit client_act_say(struct client *self, const struct key *key, struct client_act *act,
    const char *what, const struct vault_policy *policy)
{
	enum sr_error error = client_act(self, key, act);
	char node[512];

	if (error != SR_OK)
		return client_fail(self, error, what);
	cli_put_number(self->cli, "height", act->receipt.height);
	if (act->receipt.code == SR_OK)
		return CLI_DONE;
	node[0] = '\0';
	if (act->receipt.code == SR_ERR_POLICY_FALSE)
		client_policy_node_text(policy, act->receipt.detail, node, sizeof node);
	if (node[0] != '\0') {
		cli_put_text(self->cli, "condition", node);
		cli_fail(self->cli, (enum sr_error)act->receipt.code, "%s: this is not so: %s",
		    what, node);
	} else {
		cli_fail(self->cli, (enum sr_error)act->receipt.code, "%s", what);
	}
	return CLI_REFUSED;
}

/* --- shares --- */

struct share_search {
	struct client *client;
	const struct sr_hash32 *ticket, *label;
	const struct sr_key32 *e_secret;
	struct shamir_tdh2_ct ct;
	struct shamir_index indices[SR_MEMBERS_MAX];
	struct sr_point keys[SR_MEMBERS_MAX];
	struct shamir_tdh2_share shares[SR_MEMBERS_MAX];
	bool have[SR_MEMBERS_MAX], refused[SR_MEMBERS_MAX];
	uint32_t n, denials;
	enum sr_error denial;
	bool moved;                      /* a wrong epoch was named */
};

static enum sr_error share_open(struct share_search *s, uint32_t member, const uint8_t *p, size_t n)
{
	uint8_t plain[SHAMIR_TDH2_SHARE_SIZE];
	struct shamir_tdh2_share *share = &s->shares[s->n];
	struct sr_reader r;

	if (n != sizeof plain + SR_HPKE_OVERHEAD)
		return SR_ERR_SHARE_BAD;
	SR_TRY(sr_hpke_open(
	    plain, s->e_secret, "strongroom share v1", s->ticket->b, sizeof s->ticket->b, p, n));
	sr_reader_init(&r, plain, sizeof plain);
	shamir_tdh2_share_read(share, &r);
	SR_TRY(sr_reader_finish(&r));
	SR_TRY(sr_point_decode(&s->keys[s->n], s->client->epoch->members[member].verify_key));
	SR_TRY(shamir_tdh2_share_verify(
	    share, &s->keys[s->n], &s->ct, s->label->b, sizeof s->label->b));
	s->indices[s->n].v = member + 1;
	s->have[member] = true;
	s->n++;
	return SR_OK;
}

static bool share_take(void *ctx, uint32_t member, enum sr_error error, enum sr_error code,
    const uint8_t *answer, size_t n)
{
	struct share_search *s = ctx;
	char name[SR_NAME_MAX + 1];

	if (error == SR_ERR_WRONG_EPOCH || (error == SR_OK && code == SR_ERR_WRONG_EPOCH))
		s->moved = true;
	if (error != SR_OK || s->have[member])
		return false;
	if (code != SR_OK) {
		if (!client_passing(code) && code != SR_ERR_WRONG_EPOCH
		    && code != SR_ERR_NO_SUCH_TICKET && !s->refused[member]) {
			s->refused[member] = true;
			s->denials++;
			s->denial = code;
		}
		return false;
	}
	error = share_open(s, member, answer, n);
	if (error != SR_OK && !s->refused[member]) {
		client_member_name(s->client, member, name);
		cli_warn(s->client->cli,
		    "strongroom: member %s gave a bad share (%s); going on without it\n", name,
		    sr_error_name((unsigned)error));
		s->refused[member] = true;
	}
	return s->n >= s->client->epoch->threshold;
}

/* Shares of one epoch say nothing about those of another. */
static void shares_restart(struct share_search *s)
{
	memset(s->have, 0, sizeof s->have);
	memset(s->refused, 0, sizeof s->refused);
	s->n = s->denials = 0;
	s->moved = false;
}

enum sr_error client_shares(struct client *self, const struct sr_hash32 *ticket,
    const struct sr_key32 *e_secret, const uint8_t tdh2[VAULT_TDH2_BYTES],
    const struct sr_hash32 *label, struct sr_key32 *kem)
{
	struct share_search *s = calloc(1, sizeof *s);
	struct sr_reader r;
	unsigned pause_ms = 10;
	enum sr_error error;

	if (s == NULL)
		return SR_ERR_NO_MEMORY;
	*s = (struct share_search){
		.client = self, .ticket = ticket, .label = label, .e_secret = e_secret
	};
	sr_reader_init(&r, tdh2, VAULT_TDH2_BYTES);
	shamir_tdh2_ct_read(&s->ct, &r);
	error = sr_reader_finish(&r);
	if (error == SR_OK)
		error = shamir_tdh2_check(&s->ct, label->b, sizeof label->b);
	while (error == SR_OK && s->n < self->epoch->threshold) {
		error = client_ask_few(self, CLIENT_SHARE,
		    (struct sr_bytes){ ticket->b, sizeof ticket->b }, s->have,
		    self->epoch->threshold - s->n, share_take, s);
		if (error != SR_OK || s->n >= self->epoch->threshold)
			break;
		if (s->denials > self->epoch->n - self->epoch->threshold)
			error = s->denial;
		else if (cli_left_ms(self->cli) == 0)
			error = SR_ERR_TIMED_OUT;
		else if (s->moved && client_epoch_moved(self))
			shares_restart(s);
		else
			cli_pause_ms(pause_ms = pause_ms < 200 ? pause_ms * 2 : 200);
	}
	if (error == SR_OK)
		error = shamir_tdh2_open(kem, label->b, sizeof label->b, s->indices, s->shares,
		    self->epoch->threshold);
	free(s);
	return error;
}
