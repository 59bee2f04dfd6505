/* strongroom tpm: what a TPM is asked for by hand, and distributor-level attestation
 * (platform/vouch.h). public, measure, seal and answer are the node's; challenge and vouch need no
 * TPM.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/attest.h"
#include "attest/tpm_credential.h"
#include "attest/tpm_public.h"
#include "base/drbg.h"
#include "base/hex.h"
#include "cli/cli.h"
#include "cli/io.h"
#include "cli/keyfile.h"
#include "platform/tpm.h"

#define TCTI "device:/dev/tpmrm0"
#define ROOTS_MAX 16u
#define MEASURED_BYTES_MAX (256u * 1024u * 1024u)

struct file { uint8_t *p; size_t n; };

static struct sr_bytes bytes_of(const struct file *f)
{
	return (struct sr_bytes){ f->p, f->n };
}

static enum cli_exit load(struct cli *cli, struct file *f, const char *path)
{
	enum sr_error error = io_load(&f->p, &f->n, path, PLATFORM_FILE_BYTES_MAX);

	return error == SR_OK ? CLI_DONE : cli_fail(cli, error, "reading %s", path);
}

static enum cli_exit save(struct cli *cli, const char *path, struct sr_writer *w, unsigned mode)
{
	enum sr_error error = sr_writer_finish(w);

	if (error == SR_OK)
		error = io_create(path, w->p, w->n, mode);
	if (error == SR_ERR_IN_USE)
		return cli_fail(cli, error, "%s is there already; it is not overwritten", path);
	return error == SR_OK ? CLI_DONE : cli_fail(cli, error, "writing %s", path);
}

static const char *output(struct cli *cli)
{
	const char *path = cli_value(cli, "output");

	if (path == NULL)
		cli_usage(cli, SR_ERR_USAGE, "--output FILE is missing");
	return path;
}

/* ---------------------------------------------------------------------------- where the TPM is */

static enum cli_exit tpm_open(struct cli *cli, struct platform **out)
{
	const char *tcti = cli_value(cli, "tcti");
	struct platform_options o = { .kind = PLATFORM_TPM, .tcti = tcti != NULL ? tcti : TCTI,
		.collateral = cli_value(cli, "collateral") };
	char why[PLATFORM_WHY_MAX];
	enum sr_error error = platform_open(out, &o, why);

	return error == SR_OK ? CLI_DONE : cli_fail(cli, error, "%s: %s", o.tcti, why);
}

static void measurement_tell(struct cli *cli, struct platform *tpm)
{
	struct sr_hash32 m;
	char hex[65];

	if (platform_tpm_measurement(tpm, &m) != SR_OK)
		return;
	sr_hex_encode(hex, m.b, sizeof m.b);
	cli_put_text(cli, "measurement", hex);
	cli_say(cli, "measurement  %s\n", hex);
}

static void names_tell(struct cli *cli, struct sr_bytes ek, const struct platform_ak_name *ak)
{
	struct sr_hash32 hash = sr_hash(ek.p, ek.n);
	char hex[2 * ATTEST_AK_NAME + 1];

	sr_hex_encode(hex, hash.b, sizeof hash.b);
	cli_put_text(cli, "ek_certificate", hex);
	cli_say(cli, "EK           %s\n", hex);
	sr_hex_encode(hex, ak->b, sizeof ak->b);
	cli_put_text(cli, "ak", hex);
	cli_say(cli, "AK           %s\n", hex);
}

static enum cli_exit run_public(struct cli *cli)
{
	const char *path = output(cli);
	struct platform_tpm_public public;
	struct platform_ak_name ak;
	struct platform *tpm;
	struct sr_writer w;
	enum sr_error error;
	enum cli_exit rc;

	if (path == NULL)
		return CLI_USAGE;
	rc = tpm_open(cli, &tpm);
	if (rc != CLI_DONE)
		return rc;
	sr_writer_init(&w, PLATFORM_FILE_BYTES_MAX);
	error = platform_tpm_public(tpm, &w);
	if (error != SR_OK)
		rc = cli_fail(cli, error, "%s", platform_why(tpm));
	else
		rc = save(cli, path, &w, 0644);
	if (rc == CLI_DONE &&
	    platform_tpm_public_read(&public, (struct sr_bytes){ w.p, w.n }) == SR_OK) {
		ak = platform_ak_name(public.ak);
		names_tell(cli, public.ek_certificate, &ak);
		measurement_tell(cli, tpm);
	}
	sr_writer_clear(&w);
	platform_close(tpm);
	return rc;
}

/* ------------------------------------------------------------------------------------- measure */

static enum cli_exit digests_of(struct cli *cli, struct sr_hash32 *out)
{
	for (unsigned i = 0; i < cli->args_n; i++) {
		struct file f;
		enum sr_error error = io_load(&f.p, &f.n, cli->args[i], MEASURED_BYTES_MAX);

		if (error != SR_OK)
			return cli_fail(cli, error, "reading %s", cli->args[i]);
		out[i] = sr_hash(f.p, f.n);
		free(f.p);
	}
	return CLI_DONE;
}

static enum cli_exit run_measure(struct cli *cli)
{
	struct sr_hash32 digests[PLATFORM_TPM_MEASURED_MAX];
	struct platform *tpm;
	enum sr_error error;
	enum cli_exit rc;
	bool done = false;

	rc = digests_of(cli, digests);
	if (rc == CLI_DONE)
		rc = tpm_open(cli, &tpm);
	if (rc != CLI_DONE)
		return rc;
	error = platform_tpm_measure(
	    tpm, &done, digests, cli->args_n, cli_has(cli, "after-others"));
	if (error != SR_OK)
		rc = cli_fail(cli, error, "%s", platform_why(tpm));
	else {
		cli_put_bool(cli, "extended", done);
		cli_say(cli, "%s\n", done ? "measured" : "measured since this boot already");
		measurement_tell(cli, tpm);
	}
	platform_close(tpm);
	return rc;
}

/* ---------------------------------------------------------------------------------------- seal */

static enum cli_exit path_in(struct cli *cli, char out[CLI_PATH_MAX], const char *name)
{
	if (snprintf(out, CLI_PATH_MAX, "%s/%s", cli->args[0], name) >= (int)CLI_PATH_MAX)
		return cli_usage(cli, SR_ERR_TOO_LONG, "the path of the node's directory");
	return CLI_DONE;
}

/* As far as a file system lets one. */
static enum sr_error key_destroy(const char *path)
{
	static const uint8_t nothing[sizeof(struct sr_key32)];
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	enum sr_error error;

	if (fd < 0)
		return SR_ERR_IO;
	error = io_write_all(fd, nothing, sizeof nothing);
	if (error == SR_OK && fsync(fd) != 0)
		error = SR_ERR_IO;
	close(fd);
	if (error == SR_OK && unlink(path) != 0)
		error = SR_ERR_IO;
	return error;
}

static enum cli_exit key_load(struct cli *cli, struct sr_key32 *key, const char *path)
{
	struct file f;
	enum cli_exit rc = load(cli, &f, path);

	if (rc != CLI_DONE)
		return rc;
	if (f.n == sizeof key->b)
		memcpy(key->b, f.p, sizeof key->b);
	else
		rc = cli_fail(cli, SR_ERR_DAMAGED, "%s", path);
	sr_wipe(f.p, f.n);
	free(f.p);
	return rc;
}

/* Sealed, and seen to unseal again: the key itself goes next. */
static enum cli_exit sealed_make(struct cli *cli, struct platform *tpm, const struct sr_key32 *key,
    const char *path)
{
	SR_KEY32_AUTO again;
	struct sr_writer w;
	enum cli_exit rc = CLI_DONE;
	enum sr_error error;

	sr_writer_init(&w, PLATFORM_SEALED_MAX);
	error = platform_seal(tpm, &w, key);
	if (error == SR_OK)
		error = platform_unseal(tpm, &again, (struct sr_bytes){ w.p, w.n });
	if (error != SR_OK)
		rc = cli_fail(cli, error, "%s", platform_why(tpm));
	else if (!sr_ct_equal(again.b, key->b, sizeof key->b))
		rc = cli_fail(cli, SR_ERR_INTERNAL, "what was sealed does not unseal");
	else
		rc = save(cli, path, &w, 0600);
	sr_writer_clear(&w);
	return rc;
}

static enum cli_exit run_seal(struct cli *cli)
{
	char plain[CLI_PATH_MAX], sealed[CLI_PATH_MAX];
	SR_KEY32_AUTO key;
	struct platform *tpm;
	enum cli_exit rc = path_in(cli, plain, "sealing.key");

	if (rc == CLI_DONE)
		rc = path_in(cli, sealed, "sealing.sealed");
	if (rc == CLI_DONE)
		rc = key_load(cli, &key, plain);
	if (rc == CLI_DONE)
		rc = tpm_open(cli, &tpm);
	if (rc != CLI_DONE)
		return rc;
	rc = sealed_make(cli, tpm, &key, sealed);
	platform_close(tpm);
	if (rc == CLI_DONE && key_destroy(plain) != SR_OK)
		rc = cli_fail(cli, SR_ERR_IO,
		    "%s is sealed, and could not be removed: remove it by hand", plain);
	if (rc == CLI_DONE)
		cli_say(cli, "sealed to this machine as it was started; before its software "
		    "changes: strongroom tpm unseal\n");
	return rc;
}

static enum cli_exit run_unseal(struct cli *cli)
{
	char plain[CLI_PATH_MAX], sealed[CLI_PATH_MAX];
	struct file f = { NULL, 0 };
	SR_KEY32_AUTO key;
	struct platform *tpm;
	enum sr_error error;
	enum cli_exit rc = path_in(cli, plain, "sealing.key");

	if (rc == CLI_DONE)
		rc = path_in(cli, sealed, "sealing.sealed");
	if (rc == CLI_DONE)
		rc = load(cli, &f, sealed);
	if (rc == CLI_DONE)
		rc = tpm_open(cli, &tpm);
	if (rc == CLI_DONE) {
		error = platform_unseal(tpm, &key, bytes_of(&f));
		if (error != SR_OK)
			rc = cli_fail(cli, error, "%s", platform_why(tpm));
		platform_close(tpm);
	}
	free(f.p);
	if (rc != CLI_DONE)
		return rc;
	error = io_create(plain, key.b, sizeof key.b, 0600);
	if (error != SR_OK)
		return cli_fail(cli, error, "writing %s", plain);
	if (unlink(sealed) != 0)
		cli_warn(cli, "%s could not be removed; do it by hand\n", sealed);
	cli_say(cli, "the key is in %s, as a file that anyone who is root can read\n", plain);
	return CLI_DONE;
}

/* ----------------------------------------------------------------------------------- challenge */

static enum cli_exit roots_load(struct cli *cli, struct sr_hash32 *roots, size_t *n)
{
	const char *path;

	for (*n = 0; (path = cli_value_at(cli, "maker-root", (unsigned)*n)) != NULL; (*n)++) {
		struct file f = { NULL, 0 };
		enum sr_error error;

		if (*n == ROOTS_MAX)
			return cli_usage(cli, SR_ERR_TOO_MANY, "more than %u roots", ROOTS_MAX);
		if (load(cli, &f, path) != CLI_DONE)
			return CLI_REFUSED;
		error = attest_root_hash(&roots[*n], bytes_of(&f));
		free(f.p);
		if (error != SR_OK)
			return cli_fail(cli, error, "%s is not one root certificate", path);
	}
	return *n > 0 ? CLI_DONE : cli_usage(cli, SR_ERR_USAGE,
	    "--maker-root FILE is missing: which maker's TPMs may there be?");
}

/* The maker says that it is a TPM; the key's attributes say what it can do. */
static enum cli_exit public_check(struct cli *cli, const struct platform_tpm_public *public)
{
	struct sr_hash32 roots[ROOTS_MAX];
	struct attest_endorsement endorsement;
	struct tpm_public ak;
	enum sr_error error;
	size_t n;
	enum cli_exit rc = roots_load(cli, roots, &n);

	if (rc != CLI_DONE)
		return rc;
	error = attest_tpm_endorsed(&endorsement, public->ek_certificate, public->above, roots, n,
	    cli_now_ms() / 1000);
	if (error != SR_OK)
		return cli_fail(cli, error, "the endorsement certificate");
	error = tpm_attestation_key_read(&ak, public->ak);
	return error == SR_OK ? CLI_DONE : cli_fail(cli, error, "the attestation key");
}

static enum sr_error challenge_write(struct sr_writer *w, struct sr_writer *state,
    const struct platform_tpm_public *public)
{
	struct platform_challenge_state s = { .ek_certificate = public->ek_certificate,
		.ak = platform_ak_name(public->ak) };
	struct attest_credential credential;
	uint8_t random[64];
	enum sr_error error = sr_random_system(s.secret.b, sizeof s.secret.b);

	if (error == SR_OK)
		error = sr_random_system(random, sizeof random);
	if (error == SR_OK)
		error = attest_credential_make(
		    &credential, s.ek_certificate, s.ak.b, &s.secret, random);
	if (error == SR_OK) {
		platform_challenge_write(w, &(struct platform_challenge){
		    { credential.id_object, sizeof credential.id_object },
		    { credential.secret, sizeof credential.secret } });
		platform_challenge_state_write(state, &s);
	}
	sr_wipe(random, sizeof random);
	platform_challenge_state_wipe(&s);
	return error;
}

static const char *state_path(struct cli *cli, char out[CLI_PATH_MAX], const char *challenge)
{
	const char *given = cli_value(cli, "state");
	int n = snprintf(out, CLI_PATH_MAX, "%s%s", given != NULL ? given : challenge,
	    given != NULL ? "" : ".state");

	return n > 0 && (size_t)n < CLI_PATH_MAX ? out : NULL;
}

static enum cli_exit challenge_save(struct cli *cli, const struct platform_tpm_public *public,
    const char *path, const char *state)
{
	struct sr_writer w, s;
	enum sr_error error;
	enum cli_exit rc;

	sr_writer_init(&w, PLATFORM_FILE_BYTES_MAX);
	sr_writer_init(&s, PLATFORM_FILE_BYTES_MAX);
	error = challenge_write(&w, &s, public);
	rc = error == SR_OK ? CLI_DONE : cli_fail(cli, error, "making the challenge");
	/* First what must be remembered. */
	if (rc == CLI_DONE)
		rc = save(cli, state, &s, 0600);
	if (rc == CLI_DONE) {
		rc = save(cli, path, &w, 0644);
		if (rc != CLI_DONE)
			unlink(state);
	}
	sr_writer_clear(&w);
	sr_writer_clear(&s);
	return rc;
}

static enum cli_exit run_challenge(struct cli *cli)
{
	const char *path = output(cli), *state;
	char state_buffer[CLI_PATH_MAX];
	struct platform_tpm_public public;
	struct platform_ak_name ak;
	struct file f = { NULL, 0 };
	enum sr_error error;
	enum cli_exit rc;

	if (path == NULL)
		return CLI_USAGE;
	state = state_path(cli, state_buffer, path);
	if (state == NULL)
		return cli_usage(cli, SR_ERR_TOO_LONG, "the path of the state");
	rc = load(cli, &f, cli->args[0]);
	if (rc != CLI_DONE)
		return rc;
	error = platform_tpm_public_read(&public, bytes_of(&f));
	if (error != SR_OK)
		rc = cli_fail(cli, error, "%s is not from tpm public", cli->args[0]);
	if (rc == CLI_DONE)
		rc = public_check(cli, &public);
	if (rc == CLI_DONE)
		rc = challenge_save(cli, &public, path, state);
	if (rc == CLI_DONE) {
		ak = platform_ak_name(public.ak);
		names_tell(cli, public.ek_certificate, &ak);
		cli_put_text(cli, "state", state);
		cli_say(cli, "%s goes to the node; %s stays here, and nobody else may read it\n",
		    path, state);
	}
	free(f.p);
	return rc;
}

/* -------------------------------------------------------------------------------------- answer */

static enum cli_exit run_answer(struct cli *cli)
{
	const char *path = output(cli);
	SR_KEY32_AUTO secret = { { 0 } };
	struct platform_challenge challenge;
	struct platform_answer answer;
	struct platform_ak_name ak;
	struct file f = { NULL, 0 };
	struct platform *tpm = NULL;
	struct sr_writer w;
	enum sr_error error;
	enum cli_exit rc;

	if (path == NULL)
		return CLI_USAGE;
	rc = load(cli, &f, cli->args[0]);
	if (rc != CLI_DONE)
		return rc;
	error = platform_challenge_read(&challenge, bytes_of(&f));
	if (error != SR_OK)
		rc = cli_fail(cli, error, "%s is not from tpm challenge", cli->args[0]);
	if (rc == CLI_DONE)
		rc = tpm_open(cli, &tpm);
	if (rc == CLI_DONE) {
		error = platform_tpm_activate(tpm, &secret, &ak, &challenge);
		if (error != SR_OK)
			rc = cli_fail(cli, error, "%s", platform_why(tpm));
	}
	sr_writer_init(&w, PLATFORM_FILE_BYTES_MAX);
	if (rc == CLI_DONE) {
		answer = platform_answer_make(&secret, &ak);
		platform_answer_write(&w, &answer);
		rc = save(cli, path, &w, 0644);
	}
	if (rc == CLI_DONE)
		cli_say(cli, "%s goes back to the provisioner\n", path);
	sr_writer_clear(&w);
	platform_close(tpm);
	free(f.p);
	return rc;
}

/* --------------------------------------------------------------------------------------- vouch */

static enum cli_exit vouch_save(struct cli *cli, const struct platform_challenge_state *s,
    const char *path)
{
	struct platform_vouch v = { .ek = sr_hash(s->ek_certificate.p, s->ek_certificate.n),
		.ak = s->ak };
	char account[VAULT_ACCOUNT_TEXT_MAX];
	struct sr_edpk pk;
	struct sr_writer w;
	struct key *k;
	enum cli_exit rc = keyfile_open(cli, &k);

	if (rc != CLI_DONE)
		return rc;
	if (k->account.kind != VAULT_ACCOUNT_ED25519) {
		key_free(k);
		return cli_usage(cli, SR_ERR_BAD_KIND, "a provisioner's key is of kind ed25519");
	}
	memcpy(pk.b, k->account.b, sizeof pk.b);
	attest_voucher_sign(&v.voucher, &k->ed, &pk, s->ek_certificate, s->ak.b);
	vault_account_text(account, &k->account);
	key_free(k);
	sr_writer_init(&w, PLATFORM_VOUCH_BYTES);
	platform_vouch_write(&w, &v);
	rc = save(cli, path, &w, 0644);
	sr_writer_clear(&w);
	if (rc == CLI_DONE) {
		names_tell(cli, s->ek_certificate, &s->ak);
		cli_put_text(cli, "provisioner", account);
		cli_say(cli, "%s vouches for them: %s goes into the node's platform_vouchers\n",
		    account, path);
	}
	return rc;
}

static enum cli_exit run_vouch(struct cli *cli)
{
	const char *path = output(cli), *state = cli_value(cli, "state");
	struct platform_challenge_state s;
	struct file kept = { NULL, 0 }, f = { NULL, 0 };
	struct platform_answer answer;
	enum sr_error error;
	enum cli_exit rc;

	if (path == NULL)
		return CLI_USAGE;
	if (state == NULL)
		return cli_usage(cli, SR_ERR_USAGE, "--state FILE (from tpm challenge) is missing");
	rc = load(cli, &kept, state);
	if (rc == CLI_DONE)
		rc = load(cli, &f, cli->args[0]);
	if (rc == CLI_DONE) {
		error = platform_answer_read(&answer, bytes_of(&f));
		if (error != SR_OK)
			rc = cli_fail(cli, error, "%s is not from tpm answer", cli->args[0]);
	}
	if (rc == CLI_DONE) {
		error = platform_challenge_state_read(&s, bytes_of(&kept));
		if (error == SR_OK)
			error = platform_answer_check(&answer, &s);
		if (error != SR_OK)
			rc = cli_fail(cli, error, "this TPM did not open that challenge");
		else
			rc = vouch_save(cli, &s, path);
		platform_challenge_state_wipe(&s);
	}
	/* One challenge, one voucher. */
	if (rc == CLI_DONE && unlink(state) != 0)
		cli_warn(cli, "%s could not be removed; do it by hand\n", state);
	if (kept.p != NULL)
		sr_wipe(kept.p, kept.n);
	free(kept.p);
	free(f.p);
	return rc;
}

/* --------------------------------------------------------------------------------------- table */

#define OUTPUT { "output", "FILE", "where it goes; must not exist", false }
#define WHERE                                                                                      \
	{ "tcti", "TCTI", "the TPM (default: " TCTI "); swtpm:host=127.0.0.1,port=2321", false }
#define COLLATERAL                                                                                 \
	{ "collateral", "DIR", "may hold ek-chain.pem, and ek.crt when the TPM has none", false }

static const struct cli_option public_options[] = {
	WHERE, COLLATERAL, OUTPUT, { NULL, NULL, NULL, false } };
static const struct cli_option measure_options[] = {
	WHERE,
	{ "after-others", NULL, "also when others measured into PCR 11 (a unified kernel image)",
	    false },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option challenge_options[] = {
	{ "maker-root", "FILE", "a TPM maker's root certificate that is trusted", true },
	OUTPUT,
	{ "state", "FILE", "what stays here until vouch (default: the output, .state)", false },
	{ NULL, NULL, NULL, false },
};
static const struct cli_option answer_options[] = { WHERE, OUTPUT, { NULL, NULL, NULL, false } };
static const struct cli_option where_options[] = { WHERE, { NULL, NULL, NULL, false } };
static const struct cli_option vouch_options[] = {
	{ "state", "FILE", "what tpm challenge left here; removed when done", false },
	OUTPUT,
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_tpm[] = {
	{ "tpm", "public", "", "node: the TPM's certificate and attestation key",
	    "The first of four steps of distributor-level attestation: public (node), challenge "
	    "(provisioner), answer\n(node), vouch (provisioner).",
	    0, 0, public_options, run_public },
	{ "tpm", "challenge", "PUBLIC", "provisioner: a challenge that only this TPM opens",
	    "Refuses a TPM whose certificate does not lead to one of the makers' roots, and a key "
	    "that could leave it.",
	    1, 1, challenge_options, run_challenge },
	{ "tpm", "answer", "CHALLENGE", "node: opens the challenge with the TPM", NULL, 1, 1,
	    answer_options, run_answer },
	{ "tpm", "vouch", "ANSWER", "provisioner: signs that this key lives in this TPM",
	    "Signs with --key, which the cluster's policy must name as a provisioner. That the TPM "
	    "stands where its\noperator says is for the provisioner to know: no protocol shows it.",
	    1, 1, vouch_options, run_vouch },
	{ "tpm", "seal", "DIR", "node: seals its sealing key to the machine as it was started",
	    "DIR is the node's directory: sealing.sealed comes in the place of sealing.key. "
	    "strongroomd unseals it at each start\n(platform: tpm). A machine with other firmware, "
	    "kernel or Strongroom does not: unseal first, seal again afterwards.",
	    1, 1, where_options, run_seal },
	{ "tpm", "unseal", "DIR",
	    "node: makes it a file again, before the machine's software changes", NULL, 1, 1,
	    where_options, run_unseal },
	{ "tpm", "measure", "FILE...", "node: extends PCR 11 by these files, once a boot",
	    "For the start of the machine, before strongroomd: strongroom-enclave, strongroomd and "
	    "their configuration.",
	    1, PLATFORM_TPM_MEASURED_MAX, measure_options, run_measure },
	{ 0 },
};
