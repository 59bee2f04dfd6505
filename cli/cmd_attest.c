/* strongroom attest verify: is a machine's evidence genuine? Works on files, without any cluster.
 */
#include <stdlib.h>

#include "base/hex.h"
#include "cli/attesteer.h"
#include "cli/evidence.h"

static enum sr_error verify_intel(
    struct attest_result *r, struct evidence_files *f, struct sr_bytes evidence, uint64_t time_s)
{
	struct attest_dcap_input in = { .quote = evidence, .time_s = time_s };

	in.tcb_info = evidence_option(f, "tcb-info", true);
	in.qe_identity = evidence_option(f, "qe-identity", true);
	in.pck_crl = evidence_option(f, "pck-crl", true);
	in.root_crl = evidence_option(f, "root-crl", true);
	in.tcb_signing = evidence_option(f, "tcb-signing", false);
	in.qe_signing = evidence_option(f, "qe-signing", false);
	if (in.qe_signing.n == 0)
		in.qe_signing = in.tcb_signing;
	return f->failed ? SR_ERR_USAGE : attest_dcap_verify(r, &in);
}

static enum sr_error verify_amd(
    struct attest_result *r, struct evidence_files *f, struct sr_bytes evidence, uint64_t time_s)
{
	struct attest_snp_input in = { .report = evidence, .time_s = time_s };

	in.leaf = evidence_option(f, "leaf", true);
	in.ask = evidence_option(f, "ask", true);
	in.ark = evidence_option(f, "ark", true);
	return f->failed ? SR_ERR_USAGE : attest_snp_verify(r, &in);
}

static enum sr_error verify_aws(
    struct attest_result *r, struct evidence_files *f, struct sr_bytes evidence, uint64_t time_s)
{
	struct attest_nitro_input in = { .document = evidence_unwrapped(evidence),
		.time_s = time_s };

	in.root = evidence_option(f, "root", false);
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
	struct evidence_files f = { .cli = cli };
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
	evidence = evidence_file(&f, cli->args[0]);
	kind = evidence_tee(evidence);
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
	evidence_files_clear(&f);
	free(r);
	return rc;
}

/* What a quote or report does not have with it. */
#define COLLATERAL_OPTIONS \
	{ "tcb-info", "FILE", "SGX, TDX: Intel's TCB info for the platform (JSON)", false }, \
	{ "qe-identity", "FILE", "SGX, TDX: Intel's identity of the quoting enclave (JSON)", \
	    false }, \
	{ "pck-crl", "FILE", "SGX, TDX: revocation list of the platform's CA (DER)", false }, \
	{ "root-crl", "FILE", "SGX, TDX: revocation list of Intel's root (DER)", false }, \
	{ "tcb-signing", "FILE", "SGX, TDX: who signed the TCB info (default: Intel's known)", \
	    false }, \
	{ "qe-signing", "FILE", "SGX, TDX: who signed the identity (default: the same)", false }, \
	{ "leaf", "FILE", "SNP: the chip's VCEK or the cloud's VLEK", false }, \
	{ "ask", "FILE", "SNP: AMD's intermediate certificate", false }, \
	{ "ark", "FILE", "SNP: AMD's root certificate (checked against the pinned one)", false }

static const struct cli_option verify_options[] = {
	{ "time", "UNIX", "the time to judge at (default: now; Nitro: the document's own)", false },
	COLLATERAL_OPTIONS,
	{ "root", "FILE", "Nitro: AWS's root certificate (the pinned one counts)", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_option submit_options[] = {
	{ "url", "URL", "where the machine is (shown to everybody)", false },
	{ "no-wait", NULL, "print the id and do not wait for the members' verdict", false },
	COLLATERAL_OPTIONS,
	{ NULL, NULL, NULL, false },
};

static const struct cli_option list_options[] = {
	{ "measurement", "HEX", "of this measurement alone", false },
	{ "limit", "N", "so many of the newest (default: 64)", false },
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
	{ "attest", "submit", "EVIDENCE", "have the cluster verify it, for everyone to look up",
	    "EVIDENCE is a quote, report or document with the options of verify, or a blob that "
	    "has "
	    "it all.\nThe members verify it, and a quorum's verdict becomes a record. A secret "
	    "under the policy\n'attested(MEASUREMENT)' goes to the key that the record's report "
	    "data name, and to no other.\n",
	    1, 1, submit_options, attesteer_submit },
	{ "attest", "list", "", "what the cluster has verified, newest first", NULL, 0, 0,
	    list_options, attesteer_list },
	{ "attest", "show", "ID", "one record, under a quorum's signatures", NULL, 1, 1, NULL,
	    attesteer_show },
	{ 0 },
};
