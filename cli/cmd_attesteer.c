/* strongroom attest submit, list, show: the registry of machines that the cluster has verified. */
#include <string.h>

#include "base/hex.h"
#include "cli/attesteer.h"
#include "cli/evidence.h"
#include "cli/lookup.h"

#define LIST_DEFAULT 64u

/* --- one record, for people and for programs --- */

static void hex_say(struct cli *cli, const char *name, const char *label, const uint8_t *p,
    size_t n)
{
	char text[2 * ATTEST_REPORT_DATA + 1];

	SR_ASSERT(n <= ATTEST_REPORT_DATA);
	sr_hex_encode(text, p, n);
	cli_put_text(cli, name, text);
	if (n > 0)
		cli_say(cli, "  %-12s %s\n", label, text);
}

static void verified_put(struct cli *cli, const struct vault_attestation *a)
{
	char from[CLI_TIME_TEXT], to[CLI_TIME_TEXT];

	cli_put_text(cli, "tee", attest_kind_name(a->kind));
	cli_put_text(cli, "status", attest_status_name(a->status));
	cli_put_bool(cli, "debug", a->debug);
	cli_say(cli, "genuine %s evidence, %s%s\n", attest_kind_name(a->kind),
	    attest_status_name(a->status),
	    a->debug ? ", of a DEBUG enclave: its secrets can be read from outside" : "");
	hex_say(cli, "measurement", "measurement", a->measurement, a->measurement_n);
	hex_say(cli, "signer", "signer", a->signer, a->signer_n);
	hex_say(cli, "workload_key", "workload key", a->report_data, 32);
	hex_say(cli, "report_data", "report data", a->report_data, sizeof a->report_data);
	cli_put_hex(cli, "collateral", a->collateral.b, sizeof a->collateral.b);
	cli_put_number(cli, "evaluation", a->evaluation);
	cli_put_number(cli, "vouchers", a->vouchers);
	cli_put_number(cli, "valid_from_ms", a->valid_from_ms);
	cli_put_number(cli, "valid_to_ms", a->valid_to_ms);
	cli_time_text(from, a->valid_from_ms);
	cli_time_text(to, a->valid_to_ms);
	cli_say(cli, "  %-12s %s to %s\n", "valid", from, to);
}

static void record_put(struct cli *cli, const struct vault_attestation *a)
{
	char at[CLI_TIME_TEXT], account[VAULT_ACCOUNT_TEXT_MAX];

	cli_put_hex(cli, "id", a->id.b, sizeof a->id.b);
	cli_put_number(cli, "number", a->number);
	cli_put_bool(cli, "verified", a->code == SR_OK);
	if (a->code == SR_OK) {
		verified_put(cli, a);
	} else {
		cli_put_text(cli, "why", sr_error_name(a->code));
		cli_say(cli, "not verified: %s\n", sr_error_message(a->code));
	}
	cli_put_bytes(cli, "url", a->url);
	if (a->url.n > 0)
		cli_say(cli, "  %-12s %.*s\n", "url", (int)a->url.n, (const char *)a->url.p);
	cli_put_account(cli, "account", &a->submitter);
	vault_account_text(account, &a->submitter);
	cli_put_number(cli, "submitted_ms", a->submitted_ms);
	cli_put_number(cli, "judged_ms", a->judged_ms);
	cli_time_text(at, a->judged_ms);
	cli_say(cli, "  %-12s %s\n  %-12s %s\n", "submitted by", account, "judged", at);
}

/* Under a quorum's signatures; waits for the verdicts as long as --timeout allows. */
static enum cli_exit record_show(struct client *c, const struct key *k, const struct sr_hash32 *id)
{
	struct vault_key key = vault_key_hash(VAULT_REC_ATTESTATION, id);
	struct vault_attestation a;
	struct looked bytes = { 0 };
	struct sr_reader r;
	enum sr_error error;

	error = client_get_proven(c, k, VAULT_GET_ATTESTATION,
	    (struct sr_bytes){ id->b, sizeof id->b }, &key, &bytes.p, &bytes.n, NULL, NULL);
	if (error == SR_OK) {
		sr_reader_init(&r, bytes.p, bytes.n);
		vault_attestation_read(&a, &r);
		error = sr_reader_finish(&r);
	}
	if (error == SR_OK && !sr_hash32_equal(&a.id, id))
		error = SR_ERR_BINDING;
	if (error == SR_OK)
		record_put(c->cli, &a);
	looked_free(&bytes);
	return error == SR_OK ? CLI_DONE : client_fail(c, error, "reading the registry");
}

/* --- submit --- */

static enum cli_exit submit_run(struct cli *cli, union vault_op_body *body)
{
	struct client_act act = { .kind = VAULT_OP_ATTEST_SUBMIT, .body = body };
	struct client *c = NULL;
	struct key *k = NULL;
	char id[2 * sizeof act.hash.b + 1];
	enum cli_exit rc = client_begin(cli, &c, &k);

	if (rc == CLI_DONE)
		rc = client_act_say(c, k, &act, "submitting the evidence", NULL);
	if (rc == CLI_DONE) {
		sr_hex_encode(id, act.hash.b, sizeof act.hash.b);
		cli_say(cli, "%s\n", id);
		cli_put_text(cli, "id", id);
		if (!cli_has(cli, "no-wait"))
			rc = record_show(c, k, &act.hash);
		if (rc == CLI_UNREACHED)
			cli_warn(cli, "strongroom: it waits; later: strongroom attest show %s\n",
			    id);
	}
	return client_end(c, k, rc);
}

enum cli_exit attesteer_submit(struct cli *cli)
{
	const char *url = cli_value(cli, "url");
	struct evidence_files f = { .cli = cli };
	struct sr_bytes given = evidence_file(&f, cli->args[0]), where = { NULL, 0 };
	union vault_op_body body, checked;
	struct sr_writer evidence, encoded;
	enum sr_error error;
	enum cli_exit rc = CLI_USAGE;

	sr_writer_init(&evidence, VAULT_ATTEST_EVIDENCE_MAX);
	sr_writer_init(&encoded, SR_OP_MAX);
	if (!f.failed)
		evidence_build(&evidence, &f, given);
	if (url != NULL)
		where = (struct sr_bytes){ (const uint8_t *)url, strlen(url) };
	error = evidence.error;
	if (!f.failed && error == SR_OK) {
		memset(&body, 0, sizeof body);
		body.attest_submit = (struct vault_op_attest_submit){ where,
			{ evidence.p, evidence.n } };
		vault_op_body_write(&encoded, VAULT_OP_ATTEST_SUBMIT, &body);
		error = encoded.error != SR_OK ? encoded.error :
		    vault_op_body_decode(&checked, VAULT_OP_ATTEST_SUBMIT,
			(struct sr_bytes){ encoded.p, encoded.n });
	}
	if (!f.failed && error == SR_ERR_TOO_LONG)
		rc = cli_usage(cli, error, "evidence is at most %u bytes, a URL %u",
		    VAULT_ATTEST_EVIDENCE_MAX, VAULT_ATTEST_URL_MAX);
	else if (!f.failed && error != SR_OK)
		rc = cli_usage(cli, error, "the evidence or the URL");
	else if (!f.failed)
		rc = submit_run(cli, &body);
	sr_writer_clear(&encoded);
	sr_writer_clear(&evidence);
	evidence_files_clear(&f);
	return rc;
}

/* --- list --- */

struct listing {
	struct cli *cli;
	struct cli_table table;
	uint64_t left;
	enum sr_error error;
};

static bool list_one(void *ctx, struct sr_bytes record, uint8_t after[16])
{
	struct listing *l = ctx;
	struct vault_attestation a;
	char at[CLI_TIME_TEXT], id[2 * sizeof a.id.b + 1],
	    measurement[2 * sizeof a.measurement + 1];
	struct sr_reader r;
	struct cli *cli = l->cli;

	sr_reader_init(&r, record.p, record.n);
	vault_attestation_read(&a, &r);
	l->error = sr_reader_finish(&r);
	if (l->error != SR_OK || l->left == 0)
		return false;
	l->left--;
	for (unsigned i = 0; i < 8; i++)
		after[i] = (uint8_t)(a.number >> (8 * i));
	cli_time_text(at, a.judged_ms);
	sr_hex_encode(id, a.id.b, sizeof a.id.b);
	sr_hex_encode(measurement, a.measurement, a.measurement_n);
	cli_list_item(cli);
	cli_put_text(cli, "id", id);
	cli_put_number(cli, "number", a.number);
	cli_put_bool(cli, "verified", a.code == SR_OK);
	if (a.code != SR_OK)
		cli_put_text(cli, "why", sr_error_name(a.code));
	else
		cli_put_text(cli, "tee", attest_kind_name(a.kind));
	if (a.code == SR_OK) {
		cli_put_text(cli, "status", attest_status_name(a.status));
		cli_put_bool(cli, "debug", a.debug);
		cli_put_text(cli, "measurement", measurement);
		cli_put_hex(cli, "workload_key", a.report_data, 32);
		cli_put_number(cli, "valid_to_ms", a.valid_to_ms);
	}
	cli_put_bytes(cli, "url", a.url);
	cli_put_number(cli, "judged_ms", a.judged_ms);
	cli_table_cell(&l->table, "%s", id);
	cli_table_cell(&l->table, "%s", at);
	cli_table_cell(&l->table, "%s", a.code == SR_OK ? attest_kind_name(a.kind) : "-");
	cli_table_cell(&l->table, "%s%s",
	    a.code == SR_OK ? attest_status_name(a.status) : sr_error_name(a.code),
	    a.debug ? " DEBUG" : "");
	cli_table_cell(&l->table, "%.16s", measurement);
	cli_table_cell(&l->table, "%.*s", (int)a.url.n, (const char *)a.url.p);
	return true;
}

static enum cli_exit list_run(struct listing *l, struct client *c, enum vault_get_kind kind,
    struct sr_bytes head)
{
	static const char *const titles[] = { "ID", "JUDGED", "TEE", "STATUS", "MEASUREMENT",
		"URL" };
	enum sr_error error;

	cli_table_init(&l->table, 6);
	for (unsigned i = 0; i < 6; i++)
		cli_table_cell(&l->table, "%s", titles[i]);
	cli_list_begin(l->cli, "attestations");
	error = lookup_list(c, NULL, kind, head, 8, list_one, l);
	cli_list_end(l->cli);
	cli_table_print(l->cli, &l->table);
	if (error == SR_OK)
		error = l->error;
	return error == SR_OK ? CLI_DONE : client_fail(c, error, "reading the registry");
}

enum cli_exit attesteer_list(struct cli *cli)
{
	const char *text = cli_value(cli, "measurement");
	struct listing l = { .cli = cli, .left = LIST_DEFAULT };
	uint8_t head[4 + 48] = { 0 };
	struct client *c = NULL;
	size_t n = text != NULL ? strlen(text) / 2 : 0;
	enum cli_exit rc;

	if (text != NULL && (!vault_measurement_size(n) ||
	    sr_hex_decode(head + 4, n, text, strlen(text)) != SR_OK))
		return cli_usage(cli, SR_ERR_BAD_HEX,
		    "--measurement is 64 or 96 hexadecimal digits");
	if (!cli_option_number(cli, &l.left, "limit", 1, UINT32_MAX))
		return CLI_USAGE;
	head[0] = (uint8_t)n;
	rc = client_connect(cli, &c);
	if (rc == CLI_DONE)
		rc = list_run(&l, c,
		    text != NULL ? VAULT_GET_ATTESTATIONS_OF : VAULT_GET_ATTESTATIONS,
		    (struct sr_bytes){ head, text != NULL ? 4 + n : 0 });
	client_close(c);
	return rc;
}

/* --- show --- */

enum cli_exit attesteer_show(struct cli *cli)
{
	struct client *c = NULL;
	struct sr_hash32 id;
	enum cli_exit rc;

	if (sr_hex_decode(id.b, sizeof id.b, cli->args[0], strlen(cli->args[0])) != SR_OK)
		return cli_usage(cli, SR_ERR_BAD_HEX, "an id is 64 hexadecimal digits");
	rc = client_connect(cli, &c);
	if (rc == CLI_DONE)
		rc = record_show(c, NULL, &id);
	client_close(c);
	return rc;
}
