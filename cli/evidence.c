#include "cli/evidence.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/evidence_blob.h"
#include "cli/io.h"

#define SNP_REPORT_BYTES 1184u

/* --- files --- */

struct sr_bytes evidence_file(struct evidence_files *f, const char *path)
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
	if (err != SR_OK || f->n == EVIDENCE_FILES_MAX) {
		free(p);
		f->failed = true;
		cli_fail(f->cli, err, "reading %s", path);
		return none;
	}
	f->p[f->n++] = p;
	return (struct sr_bytes){ p, (size_t)st.st_size };
}

struct sr_bytes evidence_option(struct evidence_files *f, const char *name, bool needed)
{
	const char *path = cli_value(f->cli, name);

	if (path != NULL)
		return evidence_file(f, path);
	if (needed && !f->failed) {
		f->failed = true;
		cli_usage(f->cli, SR_ERR_USAGE, "this kind of evidence needs --%s FILE", name);
	}
	return (struct sr_bytes){ NULL, 0 };
}

void evidence_files_clear(struct evidence_files *f)
{
	while (f->n > 0)
		free(f->p[--f->n]);
}

/* --- what it is --- */

enum attest_tee evidence_tee(struct sr_bytes b)
{
	if (b.n == SNP_REPORT_BYTES && b.p[0] >= 2 && b.p[0] <= 5)
		return ATTEST_SNP;
	if (b.n > 48 && b.p[0] >= 3 && b.p[0] <= 5 && b.p[1] == 0)
		return b.p[4] == 0x81 ? ATTEST_TDX : ATTEST_SGX;
	return ATTEST_NITRO;
}

/* dstack keeps a document behind two bytes of its own and a compact length. */
struct sr_bytes evidence_unwrapped(struct sr_bytes b)
{
	size_t n = b.n > 4 ? (size_t)(b.p[2] | b.p[3] << 8) >> 2 : 0;

	if (b.n > 8 && b.p[0] == 0 && b.p[1] == 2 && (b.p[2] & 3u) == 1 && n <= b.n - 4 &&
	    b.p[4] == 0x84)
		return (struct sr_bytes){ b.p + 4, n };
	return b;
}

/* --- one blob of it all --- */

bool evidence_is_blob(struct sr_bytes b)
{
	struct attest_evidence e;

	return attest_evidence_read(&e, b) == SR_OK;
}

static void intel_fill(struct attest_evidence *e, struct evidence_files *f, struct sr_bytes quote)
{
	e->dcap.quote = quote;
	e->dcap.tcb_info = evidence_option(f, "tcb-info", true);
	e->dcap.qe_identity = evidence_option(f, "qe-identity", true);
	e->dcap.pck_crl = evidence_option(f, "pck-crl", true);
	e->dcap.root_crl = evidence_option(f, "root-crl", true);
	e->dcap.tcb_signing = evidence_option(f, "tcb-signing", false);
	e->dcap.qe_signing = evidence_option(f, "qe-signing", false);
	if (e->dcap.qe_signing.n == 0)
		e->dcap.qe_signing = e->dcap.tcb_signing;
}

static void amd_fill(struct attest_evidence *e, struct evidence_files *f, struct sr_bytes report)
{
	e->kind = ATTEST_KIND_SNP;
	e->snp.report = report;
	e->snp.leaf = evidence_option(f, "leaf", true);
	e->snp.ask = evidence_option(f, "ask", true);
	e->snp.ark = evidence_option(f, "ark", true);
}

void evidence_build(struct sr_writer *out, struct evidence_files *f, struct sr_bytes b)
{
	struct attest_evidence e = { .kind = ATTEST_KIND_SGX };
	enum attest_tee tee = evidence_tee(b);

	if (evidence_is_blob(b)) {
		sr_write_copy(out, b.p, b.n);
		return;
	}
	if (tee == ATTEST_SNP) {
		amd_fill(&e, f, b);
	} else if (tee == ATTEST_NITRO) {
		e.kind = ATTEST_KIND_NITRO;
		e.nitro = evidence_unwrapped(b);
	} else {
		e.kind = tee == ATTEST_TDX ? ATTEST_KIND_TDX : ATTEST_KIND_SGX;
		intel_fill(&e, f, b);
	}
	if (!f->failed)
		attest_evidence_write(out, &e);
}
