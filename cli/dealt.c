#include "cli/dealt.h"

#include <stdlib.h>
#include <string.h>

#include "cli/crypt.h"
#include "shamir/subshare.h"

/* --- the choice --- */

static void name_of(const struct client *c, uint32_t index, char out[SR_NAME_MAX + 1])
{
	const struct epoch_member *m = &c->epoch->members[index];

	cli_name_text(out, (struct sr_bytes){ m->name, m->name_n });
}

/* A member's name; or, when nobody is called that, its number as `status` counts. */
static uint32_t member_find(const struct client *c, const char *text, size_t n)
{
	char number[16];
	uint64_t at;

	for (uint32_t i = 0; i < c->epoch->n; i++)
		if (c->epoch->members[i].name_n == n &&
		    memcmp(c->epoch->members[i].name, text, n) == 0)
			return i;
	if (n >= sizeof number)
		return EPOCH_NOBODY;
	memcpy(number, text, n);
	number[n] = '\0';
	return cli_parse_number(&at, number, 0, c->epoch->n - 1) == SR_OK ? (uint32_t)at
									  : EPOCH_NOBODY;
}

/* Kept in the order of their seats. false: it is there already, or there is no room. */
static bool seat_add(struct dealt_choice *choice, uint32_t seat)
{
	uint32_t at = choice->n;

	if (choice->n == VAULT_HOLDERS_MAX)
		return false;
	while (at > 0 && choice->seats[at - 1] > seat)
		at--;
	if (at > 0 && choice->seats[at - 1] == seat)
		return false;
	memmove(&choice->seats[at + 1], &choice->seats[at],
	    (choice->n - at) * sizeof choice->seats[0]);
	choice->seats[at] = seat;
	choice->n++;
	return true;
}

static enum cli_exit members_read(struct client *c, struct dealt_choice *out, const char *text)
{
	for (const char *at = text, *end; ; at = end + 1) {
		size_t n = strcspn(at, ",");
		uint32_t member = member_find(c, at, n);

		end = at + n;
		if (member == EPOCH_NOBODY)
			return cli_usage(c->cli, SR_ERR_HOLDER_UNKNOWN, "--members: %.*s", (int)n,
			    at);
		if (!seat_add(out, c->epoch->members[member].seat))
			return cli_usage(c->cli, SR_ERR_DUPLICATE, "--members: %.*s", (int)n, at);
		if (*end == '\0')
			return CLI_DONE;
	}
}

enum cli_exit dealt_choice_read(struct client *c, struct dealt_choice *out, bool *given)
{
	const char *mode = cli_value(c->cli, "mode"), *members = cli_value(c->cli, "members");
	uint64_t threshold = 0;
	enum cli_exit rc;

	*out = (struct dealt_choice){ .dealt = mode != NULL && strcmp(mode, "dealt") == 0 };
	*given = mode != NULL;
	if (mode != NULL && !out->dealt && strcmp(mode, "vault") != 0)
		return cli_usage(c->cli, SR_ERR_USAGE, "--mode is vault or dealt");
	if (!out->dealt)
		return members == NULL && !cli_has(c->cli, "threshold") ? CLI_DONE :
		    cli_usage(c->cli, SR_ERR_USAGE, "--members and --threshold need --mode dealt");
	if (members == NULL || !cli_has(c->cli, "threshold"))
		return cli_usage(c->cli, SR_ERR_USAGE,
		    "--mode dealt needs --threshold T and --members NAME,NAME...");
	rc = members_read(c, out, members);
	if (rc != CLI_DONE)
		return rc;
	if (!cli_option_number(c->cli, &threshold, "threshold", VAULT_HOLDERS_MIN_T, out->n))
		return CLI_USAGE;
	out->threshold = (uint32_t)threshold;
	return CLI_DONE;
}

static bool still_there(const struct client *c, const struct vault_holder *h)
{
	uint32_t at = epoch_record_seat(c->epoch, h->seat);

	return at != EPOCH_NOBODY && memcmp(c->epoch->members[at].box_key, h->key, 32) == 0;
}

enum sr_error dealt_choice_keep(const struct client *c, struct dealt_choice *out,
    const struct vault_wrapped_key *key)
{
	struct vault_dealt dealt;

	*out = (struct dealt_choice){ .dealt = vault_key_is_dealt(key) };
	if (!out->dealt)
		return SR_OK;
	SR_TRY(vault_dealt_decode(&dealt, key->dealt));
	out->threshold = dealt.threshold;
	for (uint32_t i = 0; i < dealt.holders_n; i++)
		if (still_there(c, &dealt.holders[i]))
			out->seats[out->n++] = dealt.holders[i].seat;
	return out->n >= out->threshold ? SR_OK : SR_ERR_HOLDERS_FEW;
}

/* --- dealing --- */

static enum sr_error holder_fill(struct vault_holder *h, const struct epoch_record *epoch,
    const struct shamir_pair_poly *poly, const struct sr_scalar *r, const struct sr_hash32 *label)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	SHAMIR_PAIR_AUTO pair;
	struct shamir_pair_box box;
	struct sr_point key;
	uint32_t at = epoch_record_seat(epoch, h->seat);

	if (at == EPOCH_NOBODY)
		return SR_ERR_HOLDER_UNKNOWN;
	SR_TRY(sr_point_decode(&key, epoch->members[at].box_key));
	SR_TRY(shamir_pedersen_eval(&pair, poly, (struct shamir_index){ h->seat + 1 }));
	vault_dealt_context(context, label, 0, VAULT_DEALER_OWNER, h->seat);
	SR_TRY(shamir_pair_seal_with(&box, r, &key, &pair, context, sizeof context));
	memcpy(h->key, key.b, sizeof h->key);
	memcpy(h->box, box.b, sizeof h->box);
	return SR_OK;
}

static enum sr_error proof_fill(struct vault_dealt *d, const struct sr_scalar *r,
    const struct sr_hash32 *label, struct sr_drbg *drbg)
{
	uint8_t context[VAULT_DEALT_CONTEXT];
	struct shamir_proof proof;
	struct sr_writer w;
	enum sr_error error;

	vault_dealt_context(context, label, 0, VAULT_DEALER_OWNER, VAULT_EVERYBODY);
	SR_TRY(shamir_boxes_prove(&proof, r, context, sizeof context, drbg));
	sr_writer_init(&w, sizeof d->proof);
	shamir_proof_write(&w, &proof);
	error = sr_writer_finish(&w);
	if (error == SR_OK)
		memcpy(d->proof, w.p, sizeof d->proof);
	sr_writer_clear(&w);
	return error;
}

/* The public part of a fresh dealing; its KEM key in kem. */
static enum sr_error deal(struct vault_dealt *d, struct sr_key32 *kem, struct client *c,
    const struct dealt_choice *choice, const struct sr_hash32 *label)
{
	struct shamir_pair_poly poly;
	struct shamir_commitments commitments;
	SR_SCALAR_AUTO r;
	enum sr_error error;

	memset(d, 0, sizeof *d);
	d->threshold = choice->threshold;
	d->holders_n = choice->n;
	SR_TRY(sr_scalar_random(&r, &c->drbg));
	SR_TRY(shamir_pedersen_deal(&poly, &commitments, choice->threshold, NULL, &c->drbg));
	for (uint32_t k = 0; k < choice->threshold; k++)
		memcpy(d->commitments[k], commitments.a[k].b, 32);
	error = shamir_pedersen_key(kem, &poly.f.a[0], label->b, sizeof label->b);
	for (uint32_t i = 0; i < choice->n && error == SR_OK; i++) {
		d->holders[i].seat = choice->seats[i];
		error = holder_fill(&d->holders[i], c->epoch, &poly, &r, label);
	}
	shamir_pedersen_clear(&poly);
	return error == SR_OK ? proof_fill(d, &r, label, &c->drbg) : error;
}

enum sr_error dealt_wrap(struct vault_wrapped_key *out, struct sr_writer *bytes, struct client *c,
    const struct dealt_choice *choice, const struct sr_key32 *dek, const struct sr_hash32 *label,
    const struct sr_xpk *owner)
{
	struct vault_dealt d;
	SR_KEY32_AUTO kem;

	memset(out, 0, sizeof *out);
	SR_TRY(deal(&d, &kem, c, choice, label));
	sr_writer_reset(bytes);
	vault_dealt_write(bytes, &d);
	SR_TRY(sr_writer_finish(bytes));
	out->dealt = (struct sr_bytes){ bytes->p, bytes->n };
	return crypt_wrap_kem(out, dek, &kem, label, owner, &c->drbg);
}

/* --- collecting --- */

struct pair_search {
	struct client *client;
	const struct sr_hash32 *ticket;
	const struct sr_key32 *e_secret;
	uint64_t generation;
	struct shamir_commitments c;
	struct shamir_index indices[VAULT_HOLDERS_MAX];
	struct shamir_pair pairs[VAULT_HOLDERS_MAX];    /* in locked memory, as all of this */
	bool skip[SR_MEMBERS_MAX], refused[SR_MEMBERS_MAX];
	uint32_t n, holders_n, denials;
	enum sr_error denial;
	bool moved, epoch_moved;
};

#define PAIR_PLAIN (8u + SHAMIR_PAIR_SIZE)

struct pair_plain { uint8_t b[PAIR_PLAIN]; };

static void pair_plain_wipe(struct pair_plain *p)
{
	sr_wipe(p, sizeof *p);
}

/* SECRET_VERSION: of another generation. */
static enum sr_error pair_open(struct pair_search *s, uint32_t seat, const uint8_t *p, size_t n)
{
	__attribute__((cleanup(pair_plain_wipe))) struct pair_plain plain;
	struct shamir_pair *pair = &s->pairs[s->n];
	const struct shamir_index index = { seat + 1 };
	struct sr_reader r;
	uint64_t generation;
	enum sr_error error;

	if (n != sizeof plain.b + SR_HPKE_OVERHEAD || s->n == VAULT_HOLDERS_MAX)
		return SR_ERR_SHARE_BAD;
	SR_TRY(sr_hpke_open(plain.b, s->e_secret, "strongroom dealt share v1", s->ticket->b,
	    sizeof s->ticket->b, p, n));
	sr_reader_init(&r, plain.b, sizeof plain.b);
	generation = sr_read_u64(&r);
	shamir_pair_read(pair, &r);
	error = sr_reader_finish(&r);
	if (error == SR_OK && generation != s->generation)
		error = SR_ERR_SECRET_VERSION;
	if (error == SR_OK)
		error = shamir_pedersen_verify(&s->c, index, pair);
	if (error != SR_OK) {
		shamir_pair_wipe(pair);
		return error;
	}
	s->indices[s->n++] = index;
	return SR_OK;
}

static void deny(struct pair_search *s, uint32_t member, enum sr_error code)
{
	char name[SR_NAME_MAX + 1];

	if (s->refused[member])
		return;
	s->refused[member] = true;
	s->denials++;
	s->denial = code;
	name_of(s->client, member, name);
	if (code == SR_ERR_DEALING_BAD)
		cli_warn(s->client->cli, "strongroom: member %s says that what was dealt to it is "
		    "no share; the owner must deal anew\n", name);
}

static bool pair_take(void *ctx, uint32_t member, enum sr_error error, enum sr_error code,
    const uint8_t *answer, size_t n)
{
	struct pair_search *s = ctx;
	char name[SR_NAME_MAX + 1];

	if (error == SR_ERR_WRONG_EPOCH)
		s->epoch_moved = true;
	if (error != SR_OK || s->skip[member])
		return false;
	if (code != SR_OK) {
		if (!client_passing(code) && code != SR_ERR_NO_SUCH_TICKET)
			deny(s, member, code);
		return false;
	}
	error = pair_open(s, s->client->epoch->members[member].seat, answer, n);
	if (error == SR_OK) {
		s->skip[member] = true;
	} else if (error == SR_ERR_SECRET_VERSION) {
		s->moved = true;
	} else if (!s->refused[member]) {
		name_of(s->client, member, name);
		cli_warn(s->client->cli,
		    "strongroom: member %s gave a bad share (%s); going on without it\n", name,
		    sr_error_name((unsigned)error));
		deny(s, member, SR_ERR_SHARE_BAD);
	}
	return s->n >= s->c.t;
}

/* Only holders are asked. */
static void holders_choose(struct pair_search *s, const struct vault_dealt *dealt)
{
	const struct epoch_record *epoch = s->client->epoch;
	bool had[SR_MEMBERS_MAX] = { false };

	for (uint32_t i = 0; i < s->n; i++)
		had[s->indices[i].v - 1] = true;
	s->holders_n = 0;
	for (uint32_t m = 0; m < epoch->n; m++) {
		uint32_t at = vault_dealt_holder(dealt, epoch->members[m].seat);
		bool holds = at < dealt->holders_n && !dealt->holders[at].bad &&
		    memcmp(dealt->holders[at].key, epoch->members[m].box_key, 32) == 0;

		s->holders_n += holds ? 1 : 0;
		s->skip[m] = !holds || had[epoch->members[m].seat];
	}
}

static enum sr_error pairs_collect(struct pair_search *s, const struct vault_dealt *dealt)
{
	const struct sr_bytes payload = { s->ticket->b, sizeof s->ticket->b };
	unsigned pause_ms = 10;

	holders_choose(s, dealt);
	while (s->n < s->c.t) {
		if (s->holders_n < s->c.t)
			return SR_ERR_HOLDERS_FEW;
		SR_TRY(client_ask_few(s->client, CLIENT_SHARE, payload, s->skip, s->c.t - s->n,
		    pair_take, s));
		if (s->n >= s->c.t)
			break;
		if (s->moved)
			return SR_ERR_SECRET_VERSION;
		if (s->denials > s->holders_n - s->c.t)
			return s->denial;
		if (cli_left_ms(s->client->cli) == 0)
			return SR_ERR_TIMED_OUT;
		if (s->epoch_moved && client_trail_fetch(s->client) == SR_OK) {
			s->epoch_moved = false;
			memset(s->refused, 0, sizeof s->refused);
			s->denials = 0;
			holders_choose(s, dealt);
		} else {
			cli_pause_ms(pause_ms = pause_ms < 200 ? pause_ms * 2 : 200);
		}
	}
	return SR_OK;
}

enum sr_error dealt_shares(struct client *c, const struct sr_hash32 *ticket,
    const struct sr_key32 *e_secret, const struct vault_dealt *dealt,
    const struct sr_hash32 *label, struct sr_key32 *kem, bool *moved)
{
	struct pair_search *s = sr_secret_alloc(sizeof *s);
	SR_SCALAR_AUTO secret;
	struct shamir_index bad;
	enum sr_error error;

	*moved = false;
	if (s == NULL)
		return SR_ERR_NO_LOCKED_MEMORY;
	s->client = c;
	s->ticket = ticket;
	s->e_secret = e_secret;
	s->generation = dealt->generation;
	error = shamir_commitments_decode(&s->c, dealt->commitments, dealt->threshold);
	if (error == SR_OK)
		error = pairs_collect(s, dealt);
	*moved = error == SR_ERR_SECRET_VERSION;
	if (error == SR_OK)
		error = shamir_pedersen_combine(&secret, &bad, &s->c, s->indices, s->pairs, s->n);
	if (error == SR_OK)
		error = shamir_pedersen_key(kem, &secret, label->b, sizeof label->b);
	sr_secret_free(s);
	return error;
}

/* --- showing --- */

static void holder_show(struct client *c, const struct vault_holder *h, bool first)
{
	uint32_t at = epoch_record_seat(c->epoch, h->seat);
	const char *state = h->bad ? "bad" : still_there(c, h) ? "holds" : "left";
	char name[SR_NAME_MAX + 1] = "?";

	if (at != EPOCH_NOBODY && still_there(c, h))
		name_of(c, at, name);
	cli_list_item(c->cli);
	cli_put_number(c->cli, "seat", h->seat);
	cli_put_text(c->cli, "name", name);
	cli_put_text(c->cli, "state", state);
	cli_say(c->cli, "%s%s%s%s", first ? "" : ", ", name,
	    h->bad ? " (says it has no share)" : "",
	    still_there(c, h) ? "" : " (left)");
}

void dealt_show(struct client *c, const struct vault_wrapped_key *key)
{
	struct vault_dealt dealt;

	cli_put_text(c->cli, "mode", vault_key_is_dealt(key) ? "dealt" : "vault");
	if (!vault_key_is_dealt(key)) {
		cli_say(c->cli, "  key       under the vault key, %u of all members\n",
		    c->epoch->threshold);
		return;
	}
	if (vault_dealt_decode(&dealt, key->dealt) != SR_OK)
		return;
	cli_put_number(c->cli, "threshold", dealt.threshold);
	cli_put_number(c->cli, "generation", dealt.generation);
	cli_say(c->cli, "  key       dealt, %u of ", dealt.threshold);
	cli_list_begin(c->cli, "holders");
	for (uint32_t i = 0; i < dealt.holders_n; i++)
		holder_show(c, &dealt.holders[i], i == 0);
	cli_list_end(c->cli);
	cli_say(c->cli, "\n");
}
