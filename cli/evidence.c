#include "cli/evidence.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/evidence.h"
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

/* --- one blob of it all (attest/evidence.h) --- */

struct layout { enum attest_kind kind; unsigned blobs; };
/* A TPM's has more behind its blobs; it is told by its first byte alone. */
static const struct layout layouts[] = { { ATTEST_KIND_SGX, 7 }, { ATTEST_KIND_TDX, 7 },
	{ ATTEST_KIND_SNP, 4 }, { ATTEST_KIND_NITRO, 1 }, { ATTEST_KIND_AZURE, 7 } };

bool evidence_is_blob(struct sr_bytes b)
{
	if (b.n > 0 && b.p[0] == ATTEST_KIND_TPM)
		return true;
	for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
		struct sr_reader r;

		sr_reader_init(&r, b.p, b.n);
		if (sr_read_u8(&r) != (uint8_t)layouts[i].kind)
			continue;
		for (unsigned k = 0; k < layouts[i].blobs; k++)
			(void)sr_read_blob(&r, ATTEST_EVIDENCE_MAX);
		if (sr_reader_finish(&r) == SR_OK)
			return true;
	}
	return false;
}

static void put(struct sr_writer *out, struct sr_bytes b)
{
	sr_write_blob(out, b.p, b.n);
}

static void intel_build(struct sr_writer *out, struct evidence_files *f, struct sr_bytes quote,
    enum attest_kind kind)
{
	static const struct { const char *option; bool needed; } parts[] = {
		{ "tcb-info", true }, { "qe-identity", true }, { "pck-crl", true },
		{ "root-crl", true } };
	struct sr_bytes tcb, qe;

	sr_write_u8(out, (uint8_t)kind);
	put(out, quote);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		put(out, evidence_option(f, parts[i].option, parts[i].needed));
	tcb = evidence_option(f, "tcb-signing", false);
	qe = evidence_option(f, "qe-signing", false);
	put(out, tcb);
	put(out, qe.n > 0 ? qe : tcb);
}

static void amd_build(struct sr_writer *out, struct evidence_files *f, struct sr_bytes report)
{
	sr_write_u8(out, ATTEST_KIND_SNP);
	put(out, report);
	put(out, evidence_option(f, "leaf", true));
	put(out, evidence_option(f, "ask", true));
	put(out, evidence_option(f, "ark", true));
}

void evidence_build(struct sr_writer *out, struct evidence_files *f, struct sr_bytes b)
{
	enum attest_tee tee = evidence_tee(b);

	if (evidence_is_blob(b)) {
		sr_write_copy(out, b.p, b.n);
	} else if (tee == ATTEST_SNP) {
		amd_build(out, f, b);
	} else if (tee == ATTEST_NITRO) {
		sr_write_u8(out, ATTEST_KIND_NITRO);
		put(out, evidence_unwrapped(b));
	} else {
		intel_build(out, f, b, tee == ATTEST_TDX ? ATTEST_KIND_TDX : ATTEST_KIND_SGX);
	}
}
