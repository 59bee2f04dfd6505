/*
 * cli/payload.h - a payload on its way: from a file or a pipe, encrypted, into the operation or to
 * the members' blob stores; and back.
 */
#ifndef SR_CLI_PAYLOAD_H
#define SR_CLI_PAYLOAD_H

#include "cli/client.h"
#include "cli/crypt.h"

struct payload_source;
/* path NULL or "-": standard input. Reads what is needed to know the size: a pipe is kept in a
 * nameless temporary file, encrypted under a key of this process. Prints what is wrong. */
enum cli_exit payload_source_open(struct cli *cli, const char *path, struct payload_source **out);
uint64_t payload_source_bytes(const struct payload_source *self);
void payload_source_close(struct payload_source *self);

/* Encrypts under dek and fills p. inline_buffer: crypt_stream_bytes(65536) bytes when it is small;
 * p borrows from it. Larger ones go to the members first. Prints what is wrong. */
enum cli_exit payload_store(struct client *c, struct payload_source *source,
    const struct sr_key32 *dek, struct vault_payload *p, uint8_t *inline_buffer);

/* Decrypts to a file (through a temporary one beside it, so that it appears whole or not at all)
 * or, path NULL, to standard output. Prints what is wrong. */
enum cli_exit payload_fetch(struct client *c, const struct vault_payload *p,
    const struct sr_key32 *dek, const char *path, uint64_t *bytes);

#define PAYLOAD_INLINE_BUFFER (CRYPT_HEAD + CRYPT_CHUNK + SR_GCM_TAG)

#endif
