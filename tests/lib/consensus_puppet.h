/*
 * tests/lib/consensus_puppet.h - one real node among puppets: the test holds all keys, says what
 * the others say, and reads what the real one answers. Built on a cluster in which only that
 * node runs.
 */
#ifndef SR_TESTS_LIB_CONSENSUS_PUPPET_H
#define SR_TESTS_LIB_CONSENSUS_PUPPET_H

#include "tests/lib/consensus_fleet.h"

#define PUPPET_SENT_MAX 4096u

struct puppet_sent { uint32_t to; struct fleet_record msg; };

struct puppet {
	struct fleet *c;
	uint32_t real;
	struct puppet_sent sent[PUPPET_SENT_MAX];
	size_t sent_n;
};

/* A block of the test's making. */
struct puppet_block {
	struct consensus_header header;
	struct sr_hash32 hash, root;     /* root: the fake app's state after it */
	struct sr_bytes body;            /* borrowed */
};

/* n members, node `real` runs and has just started for the first time. */
struct puppet *puppet_new(uint32_t n, uint32_t real);
/* Not yet started. */
struct puppet *puppet_new_stopped(uint32_t n, uint32_t real);
void puppet_free(struct puppet *p);
struct consensus *puppet_consensus(struct puppet *p);
struct consensus_status puppet_status(struct puppet *p);

struct puppet_block puppet_genesis(const struct puppet *p);
/* A good block on parent, at the parent's time + 100 ms. body: text or NULL. */
struct puppet_block puppet_block(const struct puppet *p, const struct puppet_block *parent,
    uint64_t slot, const char *body);
/* After changing the header: its hash again. */
void puppet_rehash(struct puppet_block *b);
struct consensus_vote puppet_vote(const struct puppet *p, uint32_t voter,
    enum consensus_vote_kind kind, uint64_t slot, const struct sr_hash32 *hash);
/* Signed by the members in the mask. */
struct consensus_cert puppet_cert(const struct puppet *p, enum consensus_vote_kind kind,
    uint64_t slot, const struct sr_hash32 *hash, uint32_t mask);

/* Puts a vote record into the real node's log while it is stopped. */
void puppet_log_vote(struct puppet *p, const struct consensus_vote *v);

/* Said to the real node. parent: NULL for none. */
enum sr_error puppet_say_propose(struct puppet *p, uint32_t from, const struct puppet_block *b,
    const struct consensus_cert *parent, const struct consensus_cert *skips, uint32_t skips_n);
enum sr_error puppet_say_vote(struct puppet *p, const struct consensus_vote *v);
enum sr_error puppet_say_cert(struct puppet *p, uint32_t from, const struct consensus_cert *c);
enum sr_error puppet_say(struct puppet *p, uint32_t from, const struct sr_writer *w);
/* A message begun: version, kind, epoch. */
void puppet_begin(struct sr_writer *w, unsigned kind);
/* NOTAR and FINAL votes of all the others, so that the block becomes final. */
void puppet_finalise(struct puppet *p, const struct puppet_block *b);
void puppet_pass(struct puppet *p, uint64_t ms);

/* Did the real node send this vote? hash: NULL for any. */
bool puppet_voted(const struct puppet *p, enum consensus_vote_kind kind, uint64_t slot,
    const struct sr_hash32 *hash);
/* How many messages of this kind it sent; the last one. */
size_t puppet_sent_count(const struct puppet *p, unsigned kind);
const struct puppet_sent *puppet_sent_last(const struct puppet *p, unsigned kind);
void puppet_sent_clear(struct puppet *p);

#endif
