/*
 * node/asker.h - asks other members' hosts, over their HTTPS, for the epoch trail. For a node whose
 * final block does not move: when members removed it while it was down, none of them talks to it
 * any more, and only the trail tells (enclave/overtaken.c). Whatever comes is the enclave's to
 * verify.
 *
 * A thread of its own: who is asked may be away for long.
 */
#ifndef SR_NODE_ASKER_H
#define SR_NODE_ASKER_H

#include "node/repair.h"

#define ASKER_STUCK_MS 20000u            /* the final block has not moved for so long: ask */
#define ASKER_EVERY_MS 10000u            /* one member after the other */

struct asker;

/* Steps behind the epoch that was asked about: a = u32 count, steps. Owned by who took it. */
struct asker_answer { uint64_t first; uint8_t *p; size_t n; };

/* repair: knows where the members are; borrowed. wake_fd: an eventfd that is written to when an
 * answer waits. */
SR_MUST_CHECK enum sr_error asker_start(struct asker **out, struct repair *repair, int wake_fd);
/* Ends a transfer under way, too. NULL is fine. */
void asker_stop(struct asker *self);
/* Once a second: asks the next member when this epoch's final height has not moved for long. */
void asker_watch(struct asker *self, uint64_t epoch, uint64_t height, uint64_t now_ms);
/* false: none is there. */
bool asker_take(struct asker *self, struct asker_answer *out);

#endif
