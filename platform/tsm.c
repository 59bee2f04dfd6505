/*
 * Guests of SEV-SNP and TDX through Linux's configfs-tsm (Documentation/ABI/testing/
 * configfs-tsm-report; since Linux 6.7): a folder is made below root, report data are written to
 * its inblob, and the report is read from its outblob. Any write of anyone counts generation up;
 * when it counted more than our own, the report may be of somebody else's data, and we ask again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/internal.h"

#define ROOT "/sys/kernel/config/tsm/report"
#define ENTRY_MAX 512u
#define TRIES 5
#define SNP_REPORT_BYTES 1184u

enum provider { PROVIDER_SNP, PROVIDER_TDX };

struct tsm {
	struct platform base;            /* first */
	unsigned count;                  /* entries made */
};

struct report {
	enum provider provider;
	struct platform_file out, aux;
};

static void report_clear(struct report *r)
{
	platform_file_clear(&r->out);
	platform_file_clear(&r->aux);
}

/* A short attribute as text, without its newline. */
static enum sr_error text_read(char *out, size_t out_n, const char *entry, const char *name)
{
	struct platform_file file;
	size_t n;

	SR_TRY(platform_file_read(&file, entry, name));
	n = file.n;
	while (n > 0 && (file.p[n - 1] == '\n' || file.p[n - 1] == '\0'))
		n--;
	if (n >= out_n) {
		platform_file_clear(&file);
		return SR_ERR_TOO_LONG;
	}
	memcpy(out, file.p, n);
	out[n] = '\0';
	platform_file_clear(&file);
	return SR_OK;
}

static enum sr_error generation_read(uint64_t *out, const char *entry)
{
	char text[32], *end;

	SR_TRY(text_read(text, sizeof text, entry, "generation"));
	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' ? SR_OK
									     : SR_ERR_BAD_SYNTAX;
}

static enum sr_error provider_read(enum provider *out, const char *entry)
{
	char text[32];

	SR_TRY(text_read(text, sizeof text, entry, "provider"));
	if (strcmp(text, "sev_guest") != 0 && strcmp(text, "tdx_guest") != 0)
		return SR_ERR_BAD_KIND;
	*out = text[0] == 's' ? PROVIDER_SNP : PROVIDER_TDX;
	return SR_OK;
}

/* *own: nobody else wrote in between. */
static enum sr_error report_once(struct report *r, bool *own, const char *entry,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	uint64_t before, after;
	enum sr_error error;

	*own = false;
	SR_TRY(generation_read(&before, entry));
	SR_TRY(platform_file_write(entry, "inblob", report_data, ATTEST_REPORT_DATA));
	SR_TRY(platform_file_read(&r->out, entry, "outblob"));
	/* Only some machines have certificates beside the report. */
	error = platform_file_read(&r->aux, entry, "auxblob");
	if (error != SR_OK && error != SR_ERR_NOT_FOUND && error != SR_ERR_EMPTY)
		return error;
	SR_TRY(provider_read(&r->provider, entry));
	SR_TRY(generation_read(&after, entry));
	*own = after == before + 1;
	return SR_OK;
}

static enum sr_error report_make(struct platform *self, struct report *r, const char *entry,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	enum sr_error error = SR_OK;
	bool own = false;

	/* A read that meets another's write fails as well (EWOULDBLOCK). */
	for (int i = 0; i < TRIES && !own; i++) {
		report_clear(r);
		error = report_once(r, &own, entry, report_data);
		if (error != SR_OK && error != SR_ERR_IO)
			break;
	}
	if (error == SR_OK && own)
		return SR_OK;
	return platform_fail(self, SR_ERR_PLATFORM, "configfs-tsm gives no report (%s)",
	    error != SR_OK ? sr_error_name(error) : "others keep writing to our entry");
}

/* -------------------------------------------------------------------------------- certificates */

/* In the order of their text, as AMD's own tools write them. */
static const uint8_t guid_vcek[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5,
	0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
static const uint8_t guid_vlek[16] = { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6,
	0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 };
static const uint8_t guid_ask[16] = { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f,
	0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 };
static const uint8_t guid_ark[16] = { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43,
	0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae };

/* From the machine's own table, else from the folder. */
static enum sr_error certificate_find(struct platform *self, struct sr_bytes *out,
    struct platform_files *files, struct sr_bytes table, const uint8_t guid[16], const char *name)
{
	*out = platform_snp_certificate(table, guid);
	return out->n > 0 ? SR_OK : platform_collateral(self, out, files, name, true);
}

static enum sr_error certificates_find(struct platform *self, struct attest_evidence_snp *e,
    struct platform_files *files, struct sr_bytes table)
{
	bool cloud = platform_snp_certificate(table, guid_vlek).n > 0
	    && platform_snp_certificate(table, guid_vcek).n == 0;

	SR_TRY(certificate_find(self, &e->leaf, files, table, cloud ? guid_vlek : guid_vcek,
	    "leaf.crt"));
	SR_TRY(certificate_find(self, &e->ask, files, table, guid_ask, "ask.crt"));
	return certificate_find(self, &e->ark, files, table, guid_ark, "ark.crt");
}

static enum sr_error snp_write(struct platform *self, struct sr_writer *w, const struct report *r)
{
	struct attest_evidence e = { .kind = ATTEST_KIND_SNP,
		.snp.report = { r->out.p, r->out.n } };
	struct platform_files files = { .n = 0 };
	enum sr_error error;

	if (r->out.n != SNP_REPORT_BYTES)
		return platform_fail(self, SR_ERR_PLATFORM, "an SNP report of %zu bytes", r->out.n);
	error = certificates_find(self, &e.snp, &files, (struct sr_bytes){ r->aux.p, r->aux.n });
	if (error == SR_OK)
		attest_evidence_write(w, &e);
	platform_files_clear(&files);
	return error == SR_OK ? w->error : error;
}

/* ------------------------------------------------------------------------------------ platform */

static enum sr_error entry_make(struct platform *self, char entry[ENTRY_MAX])
{
	struct tsm *tsm = (struct tsm *)self;
	const char *root = self->options.root != NULL ? self->options.root : ROOT;
	int n = snprintf(entry, ENTRY_MAX, "%s/strongroom-%ld-%u", root, (long)getpid(),
	    tsm->count++);

	if (n < 0 || (size_t)n >= ENTRY_MAX)
		return SR_ERR_TOO_LONG;
	/* What a process of the same number left behind when it was killed. */
	(void)rmdir(entry);
	if (mkdir(entry, 0700) == 0)
		return SR_OK;
	return platform_fail(self, SR_ERR_PLATFORM,
	    "%s: %s (Linux 6.7 or later in an SNP or TDX guest has it, for root)", entry,
	    strerror(errno));
}

static enum sr_error tsm_evidence(struct platform *self, struct sr_writer *w,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	struct report r = { .out = { NULL, 0 } };
	char entry[ENTRY_MAX];
	enum sr_error error;

	SR_TRY(entry_make(self, entry));
	error = report_make(self, &r, entry, report_data);
	(void)rmdir(entry);
	if (error == SR_OK && r.provider == PROVIDER_SNP)
		error = snp_write(self, w, &r);
	else if (error == SR_OK)
		error = platform_dcap_write(
		    self, w, ATTEST_KIND_TDX, (struct sr_bytes){ r.out.p, r.out.n });
	report_clear(&r);
	return error;
}

static void tsm_close(struct platform *self)
{
	free(self);
}

/* No seal: SNP's derived keys are an ioctl of another device, TDX has none. */
static const struct platform_ops tsm_ops = {
	.close = tsm_close,
	.evidence = tsm_evidence,
};

enum sr_error platform_tsm_open(struct platform **out, const struct platform_options *o)
{
	struct tsm *tsm = calloc(1, sizeof *tsm);
	struct platform *self = (struct platform *)tsm;
	struct stat st;

	if (tsm == NULL)
		return SR_ERR_NO_MEMORY;
	tsm->base = (struct platform){ PLATFORM_TSM, &tsm_ops, *o, "" };
	*out = self;
	if (stat(o->root != NULL ? o->root : ROOT, &st) != 0 || !S_ISDIR(st.st_mode))
		return platform_fail(self, SR_ERR_PLATFORM,
		    "%s is not there (Linux 6.7 or later in "
		    "an SNP or TDX guest has it)",
		    o->root != NULL ? o->root : ROOT);
	return SR_OK;
}
