/* node/loop.h - the host's one loop: enclave, links, clients' questions, disk, time. */
#ifndef SR_NODE_LOOP_H
#define SR_NODE_LOOP_H

#include <stdio.h>

#include "config/config.h"
#include "enclave/genesis.h"
#include "node/asker.h"
#include "node/blobs.h"
#include "node/child.h"
#include "node/desk.h"
#include "node/keeper.h"
#include "node/platform.h"
#include "node/repair.h"
#include "node/sealing.h"

#define LOOP_STOP_MS 10000u             /* to stop in order */
#define LOOP_FX_BATCH 4096u             /* effects handled between two polls */

enum loop_phase { LOOP_DOWN, LOOP_FEEDING, LOOP_RUNNING };

struct loop {
	const struct config *config;
	struct genesis *genesis;             /* owned, as its bytes */
	uint8_t *genesis_bytes;
	size_t genesis_n;
	struct keeper keeper;
	struct blobs *blobs;
	struct repair *repair;
	struct asker *asker;
	struct net_links *links;
	struct child child;
	char sealing_key[1024];
	struct desk desk;
	struct platform_options platform_options;
	struct node_sealing sealing;
	struct node_platform *platform;

	enum loop_phase phase;
	bool fresh;                          /* log and store were both new */
	FILE *trail;                         /* of a node that joins, while it is told; or NULL */
	uint32_t trail_n, trail_at;          /* steps in it, steps told */
	bool ready_told;

	uint64_t wake_ms;                    /* unix; 0: not asked for */
	uint64_t second_due_ms, minute_due_ms, watchdog_due_ms, watchdog_every_ms; /* monotonic */
	uint64_t work_due_ms;                /* monotonic */
	int signal_fd;
	bool disk_low, disk_told;            /* disk_told: what the enclave knows */
	bool disk_blocked; /* something could not be written: no enclave until there is room */
	bool stopping, stopped;
	uint64_t stop_due_ms;
	enum sr_error failed;                /* ends the process */
	bool fatal;                          /* do not restart blindly */
	bool over;                           /* nothing is wrong: it is no member any more */
	struct enclave_effect *batch;
	struct enclave_status *status;       /* scratch */
	struct desk_figures figures;         /* the loop's own copy, published each second */
	uint64_t notes_bad;
};

/* Opens everything. On failure a sentence for the operator is logged and all is closed again. */
SR_MUST_CHECK enum sr_error loop_open(struct loop *self, const struct config *config);
/* Until SIGTERM, SIGINT or the end: SR_OK after an orderly stop. */
SR_MUST_CHECK enum sr_error loop_run(struct loop *self);
void loop_close(struct loop *self);

uint64_t loop_monotonic_ms(void);
uint64_t loop_unix_ms(void);

/* node/effects.c */
void effects_run(struct loop *self);
/* node/boot.c: feeds the enclave what it had, as fast as it takes it. */
void boot_begin(struct loop *self);
void boot_feed(struct loop *self);
void boot_clear(struct loop *self);
void loop_fail(struct loop *self, enum sr_error err, const char *what);
void loop_event(struct loop *self, struct enclave_event *ev);

#endif
