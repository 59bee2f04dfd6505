#include "cli/policy_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cli/io.h"
#include "cli/node_make.h"

#define FILE_MAX 1024u
#define MAGIC "strongroom-policy-signature v1"

static const char policy_domain[] = "strongroom policy v1";

/* chain id | policy bytes (enclave/roster.h) */
static enum sr_error message_write(
    struct sr_writer *w, const struct sr_hash32 *chain_id, const struct attest_policy *p)
{
	sr_writer_init(w, ATTEST_POLICY_MAX + 32u);
	sr_write_hash(w, chain_id);
	attest_policy_write(w, p);
	return sr_writer_finish(w);
}

static enum sr_error insert(
    struct policy_signatures *s, const struct sr_edpk *key, const struct sr_sig64 *sig)
{
	uint32_t at = 0;

	while (at < s->n && memcmp(s->list[at].key.b, key->b, sizeof key->b) < 0)
		at++;
	if (at < s->n && memcmp(s->list[at].key.b, key->b, sizeof key->b) == 0)
		return SR_OK;
	if (s->n == SR_MEMBERS_MAX)
		return SR_ERR_TOO_MANY;
	memmove(&s->list[at + 1], &s->list[at], (s->n - at) * sizeof s->list[0]);
	s->list[at].key = *key;
	s->list[at].sig = *sig;
	s->n++;
	return SR_OK;
}

static enum sr_error sign(struct sr_edpk *key, struct sr_sig64 *sig,
    const struct sr_hash32 *chain_id, const struct attest_policy *p, const struct key *k)
{
	struct sr_writer message;
	enum sr_error error = message_write(&message, chain_id, p);

	memcpy(key->b, k->account.b, sizeof key->b);
	if (error == SR_OK)
		sr_sign(sig, &k->ed, policy_domain, message.p, message.n);
	sr_writer_clear(&message);
	return error;
}

enum cli_exit policy_signature_add(struct cli *cli, struct policy_signatures *s,
    const struct sr_hash32 *chain_id, const struct attest_policy *p, const struct key *k)
{
	struct sr_edpk key;
	struct sr_sig64 sig;
	enum sr_error error = sign(&key, &sig, chain_id, p, k);

	if (error == SR_OK)
		error = insert(s, &key, &sig);
	return error == SR_OK ? CLI_DONE : cli_fail(cli, error, "signing the policy");
}

enum cli_exit policy_file_sign(struct cli *cli, const char *path, const struct sr_hash32 *chain_id,
    const struct attest_policy *p, const struct key *k)
{
	char text[FILE_MAX], key_hex[65], sig_hex[129], *slash, dir[CLI_PATH_MAX];
	struct sr_edpk key;
	struct sr_sig64 sig;
	enum sr_error error = sign(&key, &sig, chain_id, p, k);
	int n;

	if (error != SR_OK)
		return cli_fail(cli, error, "signing the policy");
	sr_hex_encode(key_hex, key.b, sizeof key.b);
	sr_hex_encode(sig_hex, sig.b, sizeof sig.b);
	n = snprintf(text, sizeof text, MAGIC "\noperator: %s\nsignature: %s\n", key_hex, sig_hex);
	if (snprintf(dir, sizeof dir, "%s", path) >= (int)sizeof dir)
		return cli_usage(cli, SR_ERR_TOO_LONG, "--out");
	slash = strrchr(dir, '/');
	if (slash == NULL)
		return node_file_write(cli, ".", path, text, (size_t)n, 0644);
	*slash = '\0';
	return node_file_write(cli, dir, slash + 1, text, (size_t)n, 0644);
}

static enum sr_error file_parse(struct sr_edpk *key, struct sr_sig64 *sig, const uint8_t *p,
    size_t n)
{
	char text[FILE_MAX + 1], key_hex[65], sig_hex[129], again[FILE_MAX];

	memcpy(text, p, n);
	text[n] = '\0';
	if (sscanf(text, MAGIC "\noperator: %64[0-9a-f]\nsignature: %128[0-9a-f]", key_hex, sig_hex)
	    != 2)
		return SR_ERR_BAD_SYNTAX;
	SR_TRY(sr_hex_decode(key->b, sizeof key->b, key_hex, strlen(key_hex)));
	SR_TRY(sr_hex_decode(sig->b, sizeof sig->b, sig_hex, strlen(sig_hex)));
	/* One signature has one text. */
	snprintf(again, sizeof again, MAGIC "\noperator: %s\nsignature: %s\n", key_hex, sig_hex);
	return strcmp(again, text) == 0 ? SR_OK : SR_ERR_BAD_SYNTAX;
}

enum cli_exit policy_file_add(struct cli *cli, struct policy_signatures *s,
    const struct sr_hash32 *chain_id, const struct attest_policy *p, const char *path)
{
	struct sr_edpk key;
	struct sr_sig64 sig;
	struct sr_writer message;
	uint8_t *bytes = NULL;
	size_t n = 0;
	enum sr_error error = io_load(&bytes, &n, path, FILE_MAX);

	if (error == SR_OK)
		error = file_parse(&key, &sig, bytes, n);
	free(bytes);
	if (error != SR_OK)
		return cli_usage(cli, error, "the signature %s", path);
	error = message_write(&message, chain_id, p);
	if (error == SR_OK)
		error = sr_verify(&key, &sig, policy_domain, message.p, message.n);
	sr_writer_clear(&message);
	if (error == SR_OK)
		error = insert(s, &key, &sig);
	return error == SR_OK ? CLI_DONE
			      : cli_fail(cli, error, "%s is no signature of this policy", path);
}

void policy_body_write(
    struct sr_writer *w, const struct attest_policy *p, const struct policy_signatures *s)
{
	struct sr_writer policy;

	sr_writer_init(&policy, ATTEST_POLICY_MAX);
	attest_policy_write(&policy, p);
	sr_writer_fail(w, policy.error);
	sr_write_blob(w, policy.p, policy.n);
	sr_writer_clear(&policy);
	sr_write_u32(w, s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		sr_write_edpk(w, &s->list[i].key);
		sr_write_sig(w, &s->list[i].sig);
	}
}
