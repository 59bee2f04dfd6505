/*
 * enclave/client_roster.h - what a member answers to CLIENT_ROSTER: its roster's standing, who
 * wants to join, the change under way, and the policy, as of its final state. Base and attest's
 * wire only. Public, and one member's word: who acts on it checks what matters against the trail.
 *
 * answer = version u8 | epoch u64 | height u64 | time_ms u64 | began_ms u64 | refresh_asked bool |
 *          attempts u32 | pause_until_ms u64 | [change] | u32 n, members | u32 n, candidates |
 *          policy | [announced]
 *   change    = target u64 | kind u8 | attempt u32 | n u32 | started_ms u64 | fixed bool |
 *               dealt u32 | excluded u32 | acked u32
 *   member    = seat u32 | flags u32 | code u16 | since_epoch u64 | verified_ms u64 | [facts]
 *   candidate = epoch_member | state u8 | code u16 | asked_ms u64 | decided_ms u64 | subject 32 |
 *               [facts]
 *   announced = from_ms u64 | policy: signed already, and judging from then on
 *   [x]       = a bool, then x if that is true
 * Members and candidates are in the order of seats.
 */
#ifndef SR_ENCLAVE_CLIENT_ROSTER_H
#define SR_ENCLAVE_CLIENT_ROSTER_H

#include "attest/policy.h"
#include "enclave/genesis.h"

#define CLIENT_ROSTER_VERSION 2u
#define CLIENT_ROSTER_CANDIDATES_MAX 64u
#define CLIENT_ROSTER_MAX (1024u * 1024u)

/* The kinds of open operations, as enclave/epoch.h has them. */
enum client_open_op {
	CLIENT_OP_JOIN = 0x180, CLIENT_OP_LEAVE = 0x181, CLIENT_OP_REFRESH = 0x182,
	CLIENT_OP_POLICY = 0x183, CLIENT_OP_REATTEST = 0x184, CLIENT_OP_FAULT = 0x185,
};
/* Flags and states, as enclave/roster.h has them. */
enum client_member_flag {
	CLIENT_MEMBER_DUE = 1u << 0, CLIENT_MEMBER_LEAVES = 1u << 1, CLIENT_MEMBER_FAULTY = 1u << 2,
	CLIENT_MEMBER_LAPSED = 1u << 3, CLIENT_MEMBER_SILENT = 1u << 4,
};
enum client_candidate_state {
	CLIENT_CANDIDATE_WAITING = 1, CLIENT_CANDIDATE_ADMITTED = 2, CLIENT_CANDIDATE_REFUSED = 3
};

struct client_roster_member {
	uint32_t seat, flags;
	enum sr_error code;              /* why it lapsed, or what its last evidence came to */
	uint64_t since_epoch, verified_ms;
	bool has_facts;
	struct attest_facts facts;
};

struct client_roster_candidate {
	struct epoch_member who;
	enum client_candidate_state state;
	enum sr_error code;              /* why it was refused */
	uint64_t asked_ms, decided_ms;
	struct sr_hash32 subject;        /* hash of its JOIN operation */
	bool has_facts;
	struct attest_facts facts;
};

struct client_roster_change {
	uint64_t target;                 /* the epoch that it makes */
	uint8_t kind;                    /* 1: the vault key is made, 2: it is dealt again */
	uint32_t attempt, n;
	uint64_t started_ms;
	bool fixed;
	uint32_t dealt, excluded, acked;
};

/* Large: allocate it. */
struct client_roster {
	uint64_t epoch, height, time_ms; /* of the newest final block */
	uint64_t began_ms;               /* when this epoch began, by block time */
	bool refresh_asked;
	uint32_t attempts;               /* changes given up in this epoch */
	uint64_t pause_until_ms;
	bool changing;
	struct client_roster_change change;
	uint32_t members_n, candidates_n;
	struct client_roster_member members[SR_MEMBERS_MAX];
	struct client_roster_candidate candidates[CLIENT_ROSTER_CANDIDATES_MAX];
	struct attest_policy policy;     /* in force */
	bool has_announced;
	uint64_t announced_from_ms;      /* block time */
	struct attest_policy announced;
};

void client_roster_write(struct sr_writer *w, const struct client_roster *r);
/* BAD_VERSION, OUT_OF_RANGE, BAD_ENCODING (an order) and the readers' of its parts. */
void client_roster_read(struct client_roster *r, struct sr_reader *reader);

#endif
