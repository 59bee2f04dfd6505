/* strongroom node policy: who may join and who may stay; a quorum of operators changes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/io.h"
#include "cli/json.h"
#include "cli/node_join.h"
#include "cli/policy_file.h"
#include "cli/policy_json.h"

#define LOOK_MS 200u

/* --- reading --- */

/* What the file does not name is as in base. */
enum cli_exit policy_file_read(struct cli *cli, const char *path, struct attest_policy *p)
{
	char why[POLICY_JSON_ERROR] = "";
	uint8_t *text = NULL;
	size_t n = 0;
	enum sr_error error = io_load(&text, &n, path, POLICY_JSON_MAX);

	if (error == SR_OK)
		error = policy_json_parse(p, why, (const char *)text, n);
	free(text);
	if (error == SR_OK)
		return CLI_DONE;
	return cli_usage(cli, error, "%s%s%s", path, why[0] != '\0' ? ": " : "", why);
}

/* A policy to sign must say all of itself: each signer's would else be another one. */
static enum cli_exit policy_whole_read(struct cli *cli, const char *path, struct attest_policy *p)
{
	struct attest_policy *other = malloc(sizeof *other);
	struct sr_hash32 one, two;
	enum cli_exit rc;

	SR_ASSERT(other != NULL);
	attest_policy_default(p);
	*other = *p;
	other->number += 1;
	other->kinds = ATTEST_KIND_BIT(ATTEST_KIND_SNP);
	rc = policy_file_read(cli, path, p);
	if (rc == CLI_DONE)
		rc = policy_file_read(cli, path, other);
	one = attest_policy_hash(p);
	two = attest_policy_hash(other);
	free(other);
	if (rc == CLI_DONE && !sr_hash32_equal(&one, &two))
		rc = cli_usage(cli, SR_ERR_NOT_FOUND,
		    "%s does not say everything; start from node policy show", path);
	return rc;
}

static enum cli_exit roster_open(struct cli *cli, struct client **c, struct client_roster **r)
{
	enum sr_error error;
	enum cli_exit rc = node_client_open(cli, NULL, cli_value(cli, "via"), c);

	*r = calloc(1, sizeof **r);
	SR_ASSERT(*r != NULL);
	if (rc != CLI_DONE)
		return rc;
	error = roster_fetch(*c, *r);
	return error == SR_OK ? CLI_DONE : client_fail(*c, error, "asking for the roster");
}

/* --- show --- */

/* said: for people, too. */
static void policy_put(struct cli *cli, const char *name, const struct attest_policy *p, bool said)
{
	struct sr_writer w;

	sr_writer_init(&w, POLICY_JSON_MAX);
	policy_json_write(&w, p);
	sr_write_u8(&w, 0);
	SR_ASSERT(w.error == SR_OK);
	cli_put_json(cli, name, (const char *)w.p);
	if (said)
		cli_say(cli, "%s", (const char *)w.p);
	sr_writer_clear(&w);
}

static void announced_put(struct cli *cli, const struct client_roster *r, bool said)
{
	char from[CLI_TIME_TEXT];

	cli_time_text(from, r->announced_from_ms);
	cli_put_text(cli, "announced_from", from);
	policy_put(cli, "announced", &r->announced, said);
	/* What is read from stdout is edited and signed: the word goes past it. */
	cli_warn(cli, "policy %llu is announced and counts from %s; the next number is %llu\n",
	    (unsigned long long)r->announced.number, from,
	    (unsigned long long)roster_policy_next(r));
}

static enum cli_exit show(struct cli *cli)
{
	struct client *c = NULL;
	struct client_roster *r;
	bool announced = cli_has(cli, "announced");
	enum cli_exit rc = roster_open(cli, &c, &r);

	if (rc == CLI_DONE && announced && !r->has_announced)
		rc = cli_fail(cli, SR_ERR_NOT_FOUND, "no policy is announced");
	if (rc == CLI_DONE) {
		policy_put(cli, "policy", &r->policy, !announced);
		cli_put_number(cli, "next_number", roster_policy_next(r));
	}
	if (rc == CLI_DONE && r->has_announced)
		announced_put(cli, r, announced);
	client_close(c);
	free(r);
	return rc;
}

/* --- sign --- */

static enum cli_exit sign(struct cli *cli)
{
	const char *out = cli_value(cli, "out");
	struct attest_policy *p = calloc(1, sizeof *p);
	struct key *k = NULL;
	struct client *c = NULL;
	enum cli_exit rc;

	SR_ASSERT(p != NULL);
	if (cli->args_n < 2 || out == NULL) {
		free(p);
		return cli_usage(cli, SR_ERR_USAGE,
		    "node policy sign FILE --operator-key KEY --out SIGNATURE");
	}
	rc = policy_whole_read(cli, cli->args[1], p);
	if (rc == CLI_DONE)
		rc = node_operator_open(cli, cli_value(cli, "operator-key"), NULL, &k);
	if (rc == CLI_DONE)
		rc = client_open(cli, &c);
	if (rc == CLI_DONE)
		rc = policy_file_sign(cli, out, &c->genesis->chain_id, p, k);
	if (rc == CLI_DONE) {
		cli_put_number(cli, "policy", p->number);
		cli_put_text(cli, "file", out);
		cli_say(cli, "%s: your word for policy %llu; give it to who sets it\n", out,
		    (unsigned long long)p->number);
	}
	client_close(c);
	key_free(k);
	free(p);
	return rc;
}

/* --- set --- */

struct setting { const struct attest_policy *policy; struct policy_signatures signatures; };

static enum sr_error set_fill(void *ctx, struct client *c, struct sr_writer *body)
{
	const struct setting *s = ctx;

	(void)c;
	policy_body_write(body, s->policy, &s->signatures);
	return body->error;
}

static bool policy_is(const struct attest_policy *a, const struct attest_policy *b)
{
	struct sr_hash32 one = attest_policy_hash(a), two = attest_policy_hash(b);

	return sr_hash32_equal(&one, &two);
}

/* In force, or, when it accepts more than the one before, announced for later. */
static bool set_told(struct cli *cli, const struct client_roster *r, const struct attest_policy *p)
{
	char from[CLI_TIME_TEXT];
	bool announced = r->has_announced && policy_is(&r->announced, p);

	if (!announced && !policy_is(&r->policy, p))
		return false;
	cli_put_number(cli, "policy", p->number);
	if (!announced) {
		cli_say(cli, "policy %llu is in force\n", (unsigned long long)p->number);
		return true;
	}
	cli_time_text(from, r->announced_from_ms);
	cli_put_text(cli, "from", from);
	cli_say(cli, "policy %llu accepts more than the one in force: it counts from %s\n",
	    (unsigned long long)p->number, from);
	return true;
}

static enum cli_exit set_wait(struct cli *cli, struct client *c, struct client_roster *r,
    const struct attest_policy *p)
{
	uint64_t until = cli_monotonic_ms() + cli->timeout_ms;

	do {
		if (roster_fetch(c, r) == SR_OK && set_told(cli, r, p))
			return CLI_DONE;
		cli_pause_ms(LOOK_MS);
	} while (cli_monotonic_ms() < until);
	return cli_fail(cli, SR_ERR_TIMED_OUT, "the members do not tell of it yet");
}

enum cli_exit policy_set(struct cli *cli, struct client *c, struct client_roster *r,
    const struct attest_policy *p, const struct policy_signatures *signatures,
    const struct key *sender)
{
	struct setting s = { .policy = p, .signatures = *signatures };
	struct roster_ask ask = { .kind = CLIENT_OP_POLICY, .fill = set_fill, .ctx = &s };
	enum sr_error error = roster_ask(c, sender, &ask);

	if (error != SR_OK)
		return client_fail(c, error, "setting the policy");
	/* Stale: an earlier form may have counted. */
	if (ask.code == SR_ERR_STALE && roster_fetch(c, r) == SR_OK &&
	    (policy_is(&r->policy, p) || (r->has_announced && policy_is(&r->announced, p))))
		ask.code = SR_OK;
	if (ask.code != SR_OK) {
		cli_fail(cli, ask.code, "setting policy %llu", (unsigned long long)p->number);
		return CLI_REFUSED;
	}
	return set_wait(cli, c, r, p);
}

/* The number is part of what was signed: nobody else can put it right. */
static enum cli_exit number_check(struct cli *cli, const struct client_roster *r,
    const struct attest_policy *p)
{
	uint64_t next = roster_policy_next(r);

	if (p->number == next || policy_is(&r->policy, p) ||
	    (r->has_announced && policy_is(&r->announced, p)))
		return CLI_DONE;
	cli_fail(cli, SR_ERR_STALE, "number %llu: the next policy's is %llu, since %llu is %s",
	    (unsigned long long)p->number, (unsigned long long)next,
	    (unsigned long long)next - 1, r->has_announced ? "announced" : "in force");
	return CLI_REFUSED;
}

static enum cli_exit set(struct cli *cli)
{
	struct attest_policy *p = calloc(1, sizeof *p);
	struct policy_signatures s = { .n = 0 };
	struct client *c = NULL;
	struct client_roster *r = NULL;
	struct key *k = NULL;
	enum cli_exit rc;

	SR_ASSERT(p != NULL);
	if (cli->args_n < 2) {
		free(p);
		return cli_usage(cli, SR_ERR_USAGE,
		    "node policy set FILE --operator-key KEY [--sig SIGNATURE]...");
	}
	rc = policy_whole_read(cli, cli->args[1], p);
	if (rc == CLI_DONE)
		rc = node_operator_open(cli, cli_value(cli, "operator-key"), NULL, &k);
	if (rc == CLI_DONE)
		rc = roster_open(cli, &c, &r);
	if (rc == CLI_DONE)
		rc = number_check(cli, r, p);
	if (rc == CLI_DONE)
		rc = policy_signature_add(cli, &s, &c->genesis->chain_id, p, k);
	for (unsigned i = 0; rc == CLI_DONE && cli_value_at(cli, "sig", i) != NULL; i++)
		rc = policy_file_add(
		    cli, &s, &c->genesis->chain_id, p, cli_value_at(cli, "sig", i));
	if (rc == CLI_DONE)
		rc = policy_set(cli, c, r, p, &s, k);
	client_close(c);
	key_free(k);
	free(r);
	free(p);
	return rc;
}

static enum cli_exit run(struct cli *cli)
{
	const char *verb = cli->args[0];

	if (strcmp(verb, "show") == 0 && cli->args_n == 1)
		return show(cli);
	if (strcmp(verb, "sign") == 0)
		return sign(cli);
	if (strcmp(verb, "set") == 0)
		return set(cli);
	return cli_usage(
	    cli, SR_ERR_USAGE, "node policy show, sign FILE or set FILE, not '%s'", verb);
}

static const struct cli_option options[] = {
	{ "announced", NULL, "show: the one that is signed and not yet in force", false },
	{ "operator-key", "FILE", "the operator's key that signs", false },
	{ "out", "FILE", "sign: where the signature goes", false },
	{ "sig", "FILE", "set: another operator's signature", true },
	{ "via", "WHERE", "the cluster: its directory, or any node's https:// URL", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_policy[] = {
	{ "node", "policy", "show | sign FILE | set FILE", "who may join and stay, as JSON",
	    "A change is the whole policy, its number one higher than that of the last one signed\n"
	    "(show tells), and signed by a quorum of the members' operators: each runs sign, and\n"
	    "one of them set with all signatures.\n",
	    1, 2, options, run },
	{ 0 },
};
