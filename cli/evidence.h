/* cli/evidence.h - evidence as people have it, in files, and as one blob. */
#ifndef SR_CLI_EVIDENCE_H
#define SR_CLI_EVIDENCE_H

#include "attest/attest.h"
#include "cli/cli.h"

#define EVIDENCE_FILES_MAX 10u

/* Files read so far; failed: one could not be, which was said. */
struct evidence_files { struct cli *cli; uint8_t *p[EVIDENCE_FILES_MAX]; size_t n; bool failed; };
void evidence_files_clear(struct evidence_files *f);
/* Borrowed from f; empty when it failed. */
struct sr_bytes evidence_file(struct evidence_files *f, const char *path);
/* The file that an option names; empty when it is not given (which fails when it is needed). */
struct sr_bytes evidence_option(struct evidence_files *f, const char *name, bool needed);

/* What it is, by its bytes. */
enum attest_tee evidence_tee(struct sr_bytes b);
/* dstack keeps a Nitro document behind two bytes of its own and a compact length. */
struct sr_bytes evidence_unwrapped(struct sr_bytes b);

/* Is it a blob already? */
bool evidence_is_blob(struct sr_bytes b);
/* The blob of a quote, report or document with the collateral that the options name (those of
 * attest verify), or of what is a blob already. */
void evidence_build(struct sr_writer *out, struct evidence_files *f, struct sr_bytes b);

#endif
