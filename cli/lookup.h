/* cli/lookup.h - single records and lists of the state, by id or by name. */
#ifndef SR_CLI_LOOKUP_H
#define SR_CLI_LOOKUP_H

#include "cli/client.h"

/* A record with the bytes its views borrow from. */
struct looked { uint8_t *p; size_t n; };
void looked_free(struct looked *self);

SR_MUST_CHECK enum sr_error lookup_nft(struct client *c, const struct key *key, uint64_t id,
    struct vault_nft *out, struct looked *bytes);
SR_MUST_CHECK enum sr_error lookup_secret(struct client *c, const struct key *key,
    const struct vault_secret_id *id, struct vault_secret *out, struct looked *bytes);
SR_MUST_CHECK enum sr_error lookup_version(struct client *c, const struct key *key,
    const struct vault_secret_id *id, uint64_t version, struct vault_version *out,
    struct looked *bytes);
SR_MUST_CHECK enum sr_error lookup_switch(struct client *c, const struct key *key, uint64_t id,
    struct vault_switch *out, struct looked *bytes);
SR_MUST_CHECK enum sr_error lookup_ticket(struct client *c, const struct key *key,
    const struct sr_hash32 *id, struct vault_ticket *out, struct looked *bytes);

/* All pages of a list. head: the parameters before "after". visit sees each record's bytes and
 * leaves its id (after_n bytes) in after; false ends. */
typedef bool lookup_visit(void *ctx, struct sr_bytes record, uint8_t after[16]);
SR_MUST_CHECK enum sr_error lookup_list(struct client *c, const struct key *key,
    enum vault_get_kind kind, struct sr_bytes head, size_t after_n, lookup_visit *visit, void *ctx);

/* A secret by 32 hexadecimal digits, or by name: among one's own, then among those of the NFTs one
 * holds. Prints what is wrong. */
enum cli_exit lookup_secret_id(struct client *c, const struct key *key, const char *text,
    struct vault_secret_id *out);
bool lookup_is_id(struct vault_secret_id *out, const char *text);
/* A number, or a switch's name among one's own. Prints what is wrong. */
enum cli_exit lookup_switch_id(struct client *c, const struct key *key, const char *text,
    uint64_t *out);

#endif
