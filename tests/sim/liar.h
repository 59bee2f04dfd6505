/* tests/sim/liar.h - what liar.c and deal.c share. */
#ifndef SR_TESTS_SIM_LIAR_H
#define SR_TESTS_SIM_LIAR_H

#include "consensus/internal.h"
#include "enclave/internal.h"
#include "tests/sim/envelope.h"
#include "tests/sim/sim.h"

#define LIAR_SEEN 64u
#define LIAR_SKIPS 32u
#define LIAR_VARIANTS 8u
#define LIAR_OLD 16u

struct liar_seen {
	struct consensus_header header;
	struct sr_hash32 hash;
	bool has_cert;
	struct consensus_cert cert;     /* of its parent */
};

/* What some members were shown in a slot instead of the real proposal. */
struct liar_variant { uint64_t epoch, slot, half; struct sr_hash32 hash; };

struct sim_coalition {
	struct liar_seen seen[LIAR_SEEN];
	size_t seen_n;
	struct consensus_cert skips[LIAR_SKIPS];
	size_t skips_n;
	struct liar_variant variants[LIAR_VARIANTS];
	size_t variants_n;
};

struct sim_liar {
	uint64_t slot;                  /* the lie below is for this slot */
	enum sim_fault_kind lie;        /* SIM_FAULT_KINDS: none */
	uint64_t half;
	struct sim_bytes forged;        /* the other proposal, enveloped */
	struct sim_bytes old[LIAR_OLD]; /* to be replayed */
	size_t old_n;
	bool swapped;                   /* the wrong share is in the core's memory */
	struct sr_scalar share, wrong;
	struct sim_bytes shown;         /* the first snapshot header and rows that it showed */
	struct sim_bytes shown_rows;
	bool dealt;                     /* badly, since this boot */
	uint64_t dealt_boot, dealt_epoch, complained_epoch;
	struct sr_hash32 hidden;        /* the good dealing, which nobody is to see */
};

/* deal.c: replaces its own dealing by a flawed one. */
void sim_liar_deal(struct sim_node *node, struct sim_liar *l);
/* Is this the good dealing on its way out? */
bool sim_liar_deal_hides(const struct sim_node *node, const uint8_t *msg, size_t n);

/* Keeps its own dealing or acknowledgement to itself, and out of its blocks. */
void sim_liar_withhold(struct sim_node *node);
bool sim_liar_withholds(struct sim_node *node, const uint8_t *msg, size_t n);
/* Complains of somebody whose dealing is good. */
void sim_liar_complain(struct sim_node *node, struct sim_liar *l);

#endif
