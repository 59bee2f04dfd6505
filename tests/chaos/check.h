/*
 * tests/chaos/check.h - is this history one that a correct vault can have? Lines (load.h):
 *
 *   T ID invoke KIND KEY ARGUMENTS        T ID ok|fail|unknown RESULTS        T 0 members N
 *   T 0 end
 *
 * Registers: keys s (secret), n (NFT), x (secret of a switch); each a version and a value.
 *   write KEY EXPECT VALUE   replaces version EXPECT (0: creates); ok NEW_VERSION
 *   read KEY                 through an operation; ok VERSION VALUE
 *   look KEY                 the newest of a quorum's records; ok VERSION VALUE
 *   final KEY MEMBER         one member's record after everything healed; ok VERSION VALUE
 *   steal KEY                a stranger tries to open it; must not be ok
 * Switches: keys w.
 *   create KEY INTERVAL_MS GRACE_MS    beat KEY    inherit KEY (opens what only a fired one opens)
 *   watch KEY                ok STATE HEARTBEAT_MS FIRED_MS
 *   final KEY MEMBER         ok STATE HEARTBEAT_MS FIRED_MS TIMES_FIRED
 *
 * Demanded: writes and reads of a register are linearizable (Wing and Gong's search, Lowe's
 * memory); ok writes happened, failed ones did not, unknown ones may have at any later time; a look
 * or a final is no older than what was acknowledged before it began; one version has one value; no
 * bytes are wrong. A switch does not fire before interval and grace after the invocation of any
 * acknowledged heartbeat; an acknowledged heartbeat rearms; fired is for ever and happens once. At
 * the end every acknowledged key is there at every member.
 */
#ifndef SR_TESTS_CHAOS_CHECK_H
#define SR_TESTS_CHAOS_CHECK_H

#include <stdint.h>
#include <stdio.h>

enum check_kind {
	CHECK_WRITE, CHECK_READ, CHECK_LOOK, CHECK_FINAL, CHECK_STEAL, CHECK_CREATE, CHECK_BEAT,
	CHECK_WATCH, CHECK_INHERIT, CHECK_KINDS
};
enum check_outcome { CHECK_OK, CHECK_FAIL, CHECK_UNKNOWN, CHECK_OUTCOMES };

struct check_report {
	unsigned long counts[CHECK_KINDS][CHECK_OUTCOMES];
	unsigned long operations, keys, violations, steps;
	unsigned fired;              /* switches seen fired */
};

extern const char *const check_kind_names[CHECK_KINDS];

/* Reads all of in; says each violation. slack_ms: how much earlier than interval and grace a switch
 * may be seen fired, since block times may run ahead of the load's clock. */
void check_history(struct check_report *report, FILE *in, FILE *say, uint64_t slack_ms);

#endif
