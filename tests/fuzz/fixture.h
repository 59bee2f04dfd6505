/*
 * tests/fuzz/fixture.h - a cluster of four that has made its vault key, stored a secret and opened
 * it, then stopped: its disks, its keys, and what was said on the way. The same in every process.
 */
#ifndef SR_TESTS_FUZZ_FIXTURE_H
#define SR_TESTS_FUZZ_FIXTURE_H

#include "tests/lib/cluster.h"

#define FIXTURE_NODES 4u
#define FIXTURE_SEED 7u

struct fixture_message { uint32_t from, to; uint8_t *p; size_t n; };
struct fixture_bag { struct fixture_message *list; size_t n; };

struct fixture {
	struct cluster *c;                       /* all nodes are down */
	struct cluster_key alice, bob;           /* nft is bob's and opens alice's secret */
	uint64_t nft;
	struct vault_secret_id secret;
	struct sr_hash32 ticket;
	struct epoch_record epoch;               /* epoch 1 */
	struct sr_edsk vote[FIXTURE_NODES];      /* its vote keys */
	struct sr_key32 shielding;
	struct sr_bytes trail, status, block;    /* answers to public questions */
	struct fixture_bag messages;             /* some of each kind, as plain bytes */
};

const struct fixture *fixture(void);
/* A cluster with the disks of the fixture; no node runs. The caller frees it. */
struct cluster *fixture_cluster(void);

#endif
