/* strongroom attest: is a machine's evidence genuine? Works on files, without any cluster. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/attest.h"
#include "base/hex.h"
#include "cli/cli.h"
#include "cli/io.h"

#define FILES_MAX 10u
#define SNP_REPORT_BYTES 1184u

struct files { struct cli *cli; uint8_t *p[FILES_MAX]; size_t n; bool failed; };

static struct sr_bytes load(struct files *f, const char *path)
{
	struct sr_bytes none = { NULL, 0 };
	struct stat st;
	uint8_t *p = NULL;
	enum sr_error err = SR_ERR_NOT_FOUND;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		if (st.st_size == 0 || st.st_size > (off_t)ATTEST_COLLATERAL_MAX)
			err = st.st_size == 0 ? SR_ERR_EMPTY : SR_ERR_TOO_LONG;
		else if ((p = malloc((size_t)st.st_size)) == NULL)
			err = SR_ERR_NO_MEMORY;
		else
			err = io_read_all(fd, p, (size_t)st.st_size);
	}
	if (fd >= 0)
		close(fd);
	if (err != SR_OK || f->n == FILES_MAX) {
		free(p);
		f->failed = true;
		cli_fail(f->cli, err, "reading %s", path);
		return none;
	}
	f->p[f->n++] = p;
	return (struct sr_bytes){ p, (size_t)st.st_size };
}

static struct sr_bytes option(struct files *f, const char *name, bool needed)
{
	const char *path = cli_value(f->cli, name);

	if (path != NULL)
		return load(f, path);
	if (needed && !f->failed) {
		f->failed = true;
		cli_usage(f->cli, SR_ERR_USAGE, "this kind of evidence needs --%s FILE", name);
	}
	return (struct sr_bytes){ NULL, 0 };
}

static void files_clear(struct files *f)
{
	while (f->n > 0)
		free(f->p[--f->n]);
}

/* --- what it is --- */

static enum attest_tee kind_of(struct sr_bytes b)
{
	if (b.n == SNP_REPORT_BYTES && b.p[0] >= 2 && b.p[0] <= 5)
		return ATTEST_SNP;
	if (b.n > 48 && b.p[0] >= 3 && b.p[0] <= 5 && b.p[1] == 0)
		return b.p[4] == 0x81 ? ATTEST_TDX : ATTEST_SGX;
	return ATTEST_NITRO;
}

/* dstack keeps a document behind two bytes of its own and a compact length. */
static struct sr_bytes unwrapped(struct sr_bytes b)
{
	size_t n = b.n > 4 ? (size_t)(b.p[2] | b.p[3] << 8) >> 2 : 0;

	if (b.n > 8 && b.p[0] == 0 && b.p[1] == 2 && (b.p[2] & 3u) == 1 && n <= b.n - 4 &&
	    b.p[4] == 0x84)
		return (struct sr_bytes){ b.p + 4, n };
	return b;
}

static enum sr_error verify_intel(
    struct attest_result *r, struct files *f, struct sr_bytes evidence, uint64_t time_s)
{
	struct attest_dcap_input in = { .quote = evidence, .time_s = time_s };

	in.tcb_info = option(f, "tcb-info", true);
	in.qe_identity = option(f, "qe-identity", true);
	in.pck_crl = option(f, "pck-crl", true);
	in.root_crl = option(f, "root-crl", true);
	in.tcb_signing = option(f, "tcb-signing", false);
	in.qe_signing = option(f, "qe-signing", false);
	if (in.qe_signing.n == 0)
		in.qe_signing = in.tcb_signing;
	return f->failed ? SR_ERR_USAGE : attest_dcap_verify(r, &in);
}

static enum sr_error verify_amd(
    struct attest_result *r, struct files *f, struct sr_bytes evidence, uint64_t time_s)
{
	struct attest_snp_input in = { .report = evidence, .time_s = time_s };

	in.leaf = option(f, "leaf", true);
	in.ask = option(f, "ask", true);
	in.ark = option(f, "ark", true);
	return f->failed ? SR_ERR_USAGE : attest_snp_verify(r, &in);
}

static enum sr_error verify_aws(struct attest_result *r, struct files *f, struct sr_bytes evidence,
    uint64_t time_s)
{
	struct attest_nitro_input in = { .document = unwrapped(evidence), .time_s = time_s };

	in.root = option(f, "root", false);
	return f->failed ? SR_ERR_USAGE : attest_nitro_verify(r, &in);
}

/* --- what it says --- */

static void put_long_hex(struct cli *cli, const char *name, const uint8_t *p, size_t n)
{
	char text[2 * sizeof ((struct attest_result *)0)->report_data + 1];

	sr_hex_encode(text, p, n);
	cli_put_text(cli, name, text);
	if (n > 0)
		cli_say(cli, "  %-12s %s\n", name, text);
}

static void tell(struct cli *cli, const struct attest_result *r)
{
	char from[CLI_TIME_TEXT], to[CLI_TIME_TEXT];

	cli_put_text(cli, "status", attest_status_name(r->status));
	cli_time_text(from, r->valid_from * 1000);
	cli_time_text(to, r->valid_to * 1000);
	cli_say(cli, "genuine %s evidence, %s%s\n", attest_tee_name(r->tee),
	    attest_status_name(r->status),
	    r->debug ? ", of a DEBUG enclave: its secrets can be read from outside" : "");
	cli_put_bool(cli, "debug", r->debug);
	put_long_hex(cli, "measurement", r->measurement, r->measurement_n);
	put_long_hex(cli, "signer", r->signer, r->signer_n);
	put_long_hex(cli, "report_data", r->report_data, r->report_data_n);
	cli_put_number(cli, "valid_from", r->valid_from);
	cli_put_number(cli, "valid_to", r->valid_to);
	cli_say(cli, "  %-12s %s to %s\n", "valid", from, to);
	cli_list_begin(cli, "advisories");
	for (size_t i = 0; i < r->advisories.n; i++) {
		cli_list_text(cli, r->advisories.id[i]);
		cli_say(cli, "  %-12s %s\n", "advisory", r->advisories.id[i]);
	}
	cli_list_end(cli);
	if (r->tee == ATTEST_SNP)
		cli_put_text(cli, "product", r->snp.product);
	if (r->dcap.quote_version != 0)
		cli_put_hex(cli, "fmspc", r->dcap.fmspc, sizeof r->dcap.fmspc);
	cli_put_null(cli, "error");
}

static enum cli_exit run_verify(struct cli *cli)
{
	struct files f = { .cli = cli };
	struct attest_result *r = calloc(1, sizeof *r);
	struct sr_bytes evidence;
	uint64_t time_s = 0;
	enum attest_tee kind;
	enum sr_error err = SR_ERR_NO_MEMORY;
	enum cli_exit rc = CLI_REFUSED;

	if (r == NULL)
		return cli_fail(cli, err, "starting");
	if (!cli_option_number(cli, &time_s, "time", 1, UINT32_MAX * 4ull)) {
		free(r);
		return CLI_USAGE;
	}
	evidence = load(&f, cli->args[0]);
	kind = kind_of(evidence);
	if (time_s == 0 && kind != ATTEST_NITRO)
		time_s = cli_now_ms() / 1000;
	if (!f.failed) {
		if (kind == ATTEST_SNP)
			err = verify_amd(r, &f, evidence, time_s);
		else if (kind == ATTEST_NITRO)
			err = verify_aws(r, &f, evidence, time_s);
		else
			err = verify_intel(r, &f, evidence, time_s);
		if (!f.failed) {
			cli_put_bool(cli, "verified", err == SR_OK);
			cli_put_text(cli, "tee", attest_tee_name(kind));
		}
	}
	if (f.failed)
		rc = err == SR_ERR_USAGE ? CLI_USAGE : CLI_REFUSED;
	else if (err != SR_OK)
		rc = cli_fail(cli, err, "%s does not verify", cli->args[0]);
	else
		rc = CLI_DONE;
	if (rc == CLI_DONE)
		tell(cli, r);
	files_clear(&f);
	free(r);
	return rc;
}

static const struct cli_option verify_options[] = {
	{ "time", "UNIX", "the time to judge at (default: now; Nitro: the document's own)", false },
	{ "tcb-info", "FILE", "SGX, TDX: Intel's TCB info for the platform (JSON)", false },
	{ "qe-identity", "FILE", "SGX, TDX: Intel's identity of the quoting enclave (JSON)",
	    false },
	{ "pck-crl", "FILE", "SGX, TDX: revocation list of the platform's CA (DER)", false },
	{ "root-crl", "FILE", "SGX, TDX: revocation list of Intel's root (DER)", false },
	{ "tcb-signing", "FILE", "SGX, TDX: who signed the TCB info (default: Intel's known)",
	    false },
	{ "qe-signing", "FILE", "SGX, TDX: who signed the identity (default: the same)", false },
	{ "leaf", "FILE", "SNP: the chip's VCEK or the cloud's VLEK", false },
	{ "ask", "FILE", "SNP: AMD's intermediate certificate", false },
	{ "ark", "FILE", "SNP: AMD's root certificate (checked against the pinned one)", false },
	{ "root", "FILE", "Nitro: AWS's root certificate (the pinned one counts)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_command cli_commands_attest[] = {
	{ "attest", "verify", "EVIDENCE", "whether a quote, report or document is genuine",
	    "Tells apart SGX and TDX quotes, SEV-SNP reports and Nitro documents by their bytes. "
	    "Exit "
	    "0 means that\neverything verifies at that time; whether an outdated or a debug "
	    "enclave is "
	    "acceptable is up to you.",
	    1, 1, verify_options, run_verify },
	{ 0 },
};
