/* platform/internal.h - what the kinds of platform share. */
#ifndef SR_PLATFORM_INTERNAL_H
#define SR_PLATFORM_INTERNAL_H

#include "attest/evidence_blob.h"
#include "platform/platform.h"

/* NULL: NOT_SUPPORTED. */
struct platform_ops {
	void (*close)(struct platform *self);
	enum sr_error (*evidence)(struct platform *self, struct sr_writer *w,
	    const uint8_t report_data[ATTEST_REPORT_DATA]);
	enum sr_error (*seal)(struct platform *self, struct sr_writer *sealed,
	    const struct sr_key32 *key);
	enum sr_error (*unseal)(
	    struct platform *self, struct sr_key32 *key, struct sr_bytes sealed);
	enum sr_error (*lease)(struct platform *self, uint64_t *value, bool increase);
};

/* First member of each kind's own struct. */
struct platform {
	enum platform_kind kind;
	const struct platform_ops *ops;
	struct platform_options options;
	char why[PLATFORM_WHY_MAX];
};

/* Fill *out even on an error, for its why; platform_open closes it then. */
SR_MUST_CHECK enum sr_error platform_software_open(struct platform **out,
    const struct platform_options *o);
SR_MUST_CHECK enum sr_error platform_tpm_open(struct platform **out,
    const struct platform_options *o);
SR_MUST_CHECK enum sr_error platform_tsm_open(struct platform **out,
    const struct platform_options *o);
SR_MUST_CHECK enum sr_error platform_gramine_open(struct platform **out,
    const struct platform_options *o);

/* Notes why and hands the error back. */
__attribute__((format(printf, 3, 4)))
enum sr_error platform_fail(struct platform *self, enum sr_error error, const char *format, ...);

/* --- files.c --- */
#define PLATFORM_FILE_MAX (1024u * 1024u)
struct platform_file { uint8_t *p; size_t n; };   /* owned */
void platform_file_clear(struct platform_file *f);
/* NOT_FOUND, EMPTY, TOO_LONG, IO, NO_MEMORY. name may be NULL: path is the file. */
SR_MUST_CHECK enum sr_error platform_file_read(struct platform_file *out, const char *folder,
    const char *name);
/* Writes in one call, as the kernel's attribute files want it. */
SR_MUST_CHECK enum sr_error platform_file_write(const char *folder, const char *name,
    const uint8_t *p, size_t n);

/* What evidence borrows from until it is written. */
#define PLATFORM_FILES_MAX 8u
struct platform_files { struct platform_file at[PLATFORM_FILES_MAX]; size_t n; };
void platform_files_clear(struct platform_files *files);
/* A file of the collateral folder; when it is not needed and not there, no bytes. */
SR_MUST_CHECK enum sr_error platform_collateral(struct platform *self, struct sr_bytes *out,
    struct platform_files *files, const char *name, bool needed);
/* Evidence of kind SGX or TDX: the quote and Intel's collateral from the folder. */
SR_MUST_CHECK enum sr_error platform_dcap_write(struct platform *self, struct sr_writer *w,
    enum attest_kind kind, struct sr_bytes quote);

/* --- formats.c: of bytes that machines hand out --- */
/* An entry of SNP's certificate table (auxblob), borrowed; no bytes: none there. */
struct sr_bytes platform_snp_certificate(struct sr_bytes table, const uint8_t guid[16]);
/* The bytes of the DER certificate at the start of an NV index; 0: none. */
size_t platform_der_size(struct sr_bytes nv);

#endif
