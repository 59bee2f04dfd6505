/*
 * tests/sim/sim.h - whole clusters in one thread on virtual time: n unmodified enclave cores, a
 * faulty network, disks that lose what was not synced, clocks that differ, liars, and users that
 * know what must come out. One seed is one run; the trace hash shows that it is the same run.
 *
 *   main.c   seeds, options, report          world.c  events, network, clocks
 *   node.c   one member: core and effects    check.c  invariants I1..I13 (DESIGN 11)
 *   host.c   its host: log, store, and disk  disk.c   what disks do; posix.c: calls that reach it
 *   user.c   people: put, transfer, retrieve liar.c   Byzantine members; deal.c: their dealings
 *   change.c operators: join, leave, refresh
 *   plan.c   which faults, when, of whom     twin.c   copies of a member, disks set back
 *
 * Every fault of a run is an entry of its plan, made from the seed before anything happens and with
 * random numbers of its own: an entry can be left out (--only-faults) and the others stay as they
 * are, which is what lets a failing seed be shrunk.
 */
#ifndef SR_TESTS_SIM_SIM_H
#define SR_TESTS_SIM_SIM_H

#include "consensus/consensus.h"
#include "enclave/client_wire.h"
#include "enclave/core.h"
#include "node/keeper.h"
#include "tests/sim/disk.h"
#include "vault/vault.h"

#define SIM_EPOCH_MS 1800000000000ull   /* the virtual world begins here */
#define SIM_MEMBERS_MAX 31u                     /* of the genesis */
#define SIM_JOINERS_MAX 4u
#define SIM_NODES_MAX (SIM_MEMBERS_MAX + SIM_JOINERS_MAX)
#define SIM_TWINS_MAX 10u                       /* f of 31 */
#define SIM_PROCESSES_MAX (SIM_NODES_MAX + SIM_TWINS_MAX)
#define SIM_PLAN_MAX 192u
#define SIM_EPOCHS_MAX 64u
#define SIM_USERS_MAX 4u
#define SIM_CLIENTS_MAX 24u                     /* and racers and operators */
#define SIM_HEIGHTS_MAX 4096u
#define SIM_LATENCY_MAX_MS 400u

struct sim_bytes { uint8_t *p; size_t n; };

/* The untrusted host around a core: the product's keeper on a disk of its own. */
struct sim_host {
	struct disk *disk, *image;                  /* image: how it once was, or NULL */
	struct keeper keeper;
	bool open, blocked, low;                    /* blocked: no core until there is room */
	size_t looked;                              /* effects of this step that were looked at */
	bool owed;                                  /* this stretch asked for a sync */
	bool ended;                                 /* the process, in the middle of effects */
};

enum sim_event_kind {
	SIM_DELIVER = 1,
	SIM_TICK,
	SIM_USER,
	SIM_FAULT,
	SIM_RESTART,
	SIM_ARCHIVE,
	SIM_STATE,
	SIM_CLIENT,
	SIM_WATCH,                                  /* the host looks how much room there is */
	SIM_RESUME                                  /* its disk is done */
};

struct sim_event {
	uint64_t at_us, order;
	enum sim_event_kind kind;
	uint32_t node, from;
	uint64_t number;
	struct sim_bytes bytes;
};

/* LIAR: its words are replaced on their way out. TWINS: two copies of the unmodified core.
 * SET_BACK: its disk goes back to an older image, or an old copy of it is started beside it. All
 * but HONEST count among the f. */
enum sim_role { SIM_HONEST = 0, SIM_LIAR, SIM_TWINS, SIM_SET_BACK };

struct sim_liar;

struct sim_node {
	struct sim *sim;
	uint32_t index;                             /* its number for ever */
	uint32_t process;                           /* place in nodes: other for a twin */
	struct sr_edpk id;                          /* by which others know it, on whichever seat */
	struct sr_edsk operator_key;
	struct genesis_member *entry;               /* a joiner's, without evidence */
	struct sim_bytes trail;                     /* of a joiner: what it is shown */
	bool invited;                               /* a joiner whose JOIN was accepted */
	bool leaves;                                /* its operator asked for it */
	bool gone;                                  /* no member any more, or never: it said so */
	enum sr_error end;                          /* FATAL in this step */
	enum sim_role role;
	bool dead;                                  /* faulty, and ended itself */
	bool mute;                                  /* a twin before the first epoch */
	struct sim_liar *lying;
	uint64_t heard_us[SIM_NODES_MAX];           /* when each member's last message came */
	uint8_t chain_tag[SR_GCM_TAG];              /* order.c: its log's chain before the step */
	uint64_t chain_counter;
	uint64_t roster_epoch, share_epoch;         /* I10, I7: looked at up to here, + 1 */
	struct enclave_core *core;                  /* NULL: down */
	struct sim_host host;
	uint64_t busy_until_us;                     /* its disk takes that long */
	struct sim_event *waiting;                  /* what came meanwhile */
	size_t waiting_n, waiting_capacity;
	struct sr_key32 sealing_key;
	int64_t clock_offset_ms;
	uint64_t wake_generation, wake_ms, boots, crashes, persists;
	bool liar, ready;                           /* liar: of the f */
	int64_t drift_ppm;
	uint64_t drift_since_us;
	uint64_t final_height;                      /* of BLOCK effects since boot */
	struct enclave_effects effects;
};

/* name, what it does. Those from EQUIVOCATE on are lies of a LIAR. */
#define SIM_FAULTS(X)                                                                              \
	X(DROP, "drop", "messages are lost")                                                       \
	X(DUPLICATE, "duplicate", "messages come twice")                                           \
	X(TAIL, "tail", "messages crawl and overtake")                                             \
	X(LATE_FINAL, "late-final", "FINAL votes crawl")                                           \
	X(PARTITION, "partition", "two sides do not hear each other")                              \
	X(DEAF, "deaf", "one member hears nobody")                                                 \
	X(MUTE, "mute", "nobody hears one member")                                                 \
	X(ONE_WAY, "one-way", "one-way cuts here and there")                                       \
	X(CRASH, "crash", "power cut, later a restart")                                            \
	X(CRASH_POINT, "crash-point", "power cuts between two effects of a step")                  \
	X(CLOCK_OFFSET, "clock-offset", "clocks differ")                                           \
	X(CLOCK_JUMP, "clock-jump", "a clock jumps")                                               \
	X(CLOCK_DRIFT, "clock-drift", "a clock runs fast or slow")                                 \
	X(CLOCK_WILD, "clock-wild", "a faulty member's clock is anywhere")                         \
	X(TWINS, "twins", "two copies of a member, from the first block on")                       \
	X(TWIN_SIDES, "twin-sides", "who talks to which copy changes")                             \
	X(ROLLBACK, "rollback", "a disk is set back to an older image")                            \
	X(CLONE, "clone", "an old copy of a disk is started beside the member")                    \
	X(DISK_ERROR, "disk-error", "reads, writes or syncs of a disk fail")                       \
	X(DISK_FULL, "disk-full", "a disk is full, or nearly")                                     \
	X(DISK_SLOW, "disk-slow", "syncs take long")                                               \
	X(DISK_FLIP, "disk-flip", "bits of a disk flip")                                           \
	X(DISK_ASTRAY, "disk-astray", "sectors are written elsewhere in their file")               \
	X(JOIN, "join", "a node joins")                                                            \
	X(LEAVE, "leave", "a member leaves")                                                       \
	X(REFRESH, "refresh", "all shares are refreshed")                                          \
	X(ABSENT, "absent", "a node that asks to join and never comes")                            \
	X(FALSE_TRAIL, "false-trail", "a joiner is first shown a past that is none")               \
	X(OLD_TRAIL, "old-trail", "a joiner is shown the past up to the first epoch")              \
	X(EQUIVOCATE, "equivocate", "two proposals, each to its own half")                         \
	X(STALE_PARENT, "stale-parent", "a proposal on an older notarised block")                  \
	X(GAP_MISSING, "gap-missing", "a proposal without the SKIP certificates of its gap")       \
	X(GAP_WRONG, "gap-wrong", "a proposal with SKIP certificates of other slots")              \
	X(WITHHOLD, "withhold", "a proposal leaves late, or to some only")                         \
	X(FORGED_CERT, "forged-cert", "a certificate that is none")                                \
	X(TWO_FACED, "two-faced", "SKIP and FINAL for one slot")                                   \
	X(VOTE_WITHHOLD, "vote-withhold", "votes to some only")                                    \
	X(INGRESS, "ingress", "claims that clients cannot reach it")                               \
	X(LYING_STATUS, "lying-status", "a restarted peer is told what is not so")                 \
	X(LYING_HEAD, "lying-head", "a head that is not its own")                                  \
	X(REPLAY, "replay", "old messages again")                                                  \
	X(FLOOD, "flood", "hundreds of messages at once")                                          \
	X(OVERSIZE, "oversize", "a message beyond all limits")                                     \
	X(GARBAGE, "garbage", "messages with changed bytes")                                       \
	X(SELECT_PEERS, "select-peers", "serves some peers only")                                  \
	X(SELECT_CLIENTS, "select-clients", "serves some clients only")                            \
	X(BAD_SHARE, "bad-deal-share", "deals a wrong sub-share to one")                           \
	X(BAD_COMMITMENT, "bad-deal-commitment", "deals a wrong commitment")                       \
	X(BAD_CONTRIBUTION, "bad-deal-contribution", "deals a wrong contribution to one")          \
	X(WRONG_SHARE, "wrong-share", "a wrong decryption share to users")                         \
	X(FALSE_SNAPSHOT, "false-snapshot", "a joiner is shown a state that is none")              \
	X(OLD_SNAPSHOT, "old-snapshot", "a joiner is shown an old state")                          \
	X(DEAL_WITHHOLD, "deal-withhold", "does not deal, or late, or does not acknowledge")       \
	X(FALSE_COMPLAINT, "false-complaint", "complains about dealings that are good")

enum sim_fault_kind {
#define SIM_FAULT_ENUM(name, text, what) SIM_FAULT_##name,
	SIM_FAULTS(SIM_FAULT_ENUM)
#undef SIM_FAULT_ENUM
	SIM_FAULT_KINDS
};

/* One entry of the plan. member, param: whole random numbers, so that the plan is the same for any
 * number of members; taken modulo what there is. */
struct sim_fault {
	enum sim_fault_kind kind;
	uint64_t at_us, until_us;                   /* in the fault phase; until: 0 a moment */
	uint32_t member;                            /* resolved */
	uint64_t pick, param;
	bool off, active;
	uint64_t hits;
};

struct sim_options {
	uint64_t seed;
	uint64_t stir;                              /* another network and workload, same plan */
	uint32_t n;                                 /* 0: by seed */
	uint64_t fault_ms, heal_ms;                 /* 0: by seed */
	bool verbose, calm;                         /* calm: no faults at all */
	bool changes;                               /* the roster may change, whatever is planned */
	bool has_only;
	uint64_t only[(SIM_PLAN_MAX + 63) / 64];    /* bit per entry of the plan */
	uint64_t without_kinds;                     /* bit per kind */
};

struct sim_client;
struct sim_epoch;
struct sim_race;
struct sim_coalition;
struct sim_history;

struct sim {
	struct sim_options options;
	uint64_t random[4];
	uint64_t now_us, order;
	struct sim_event *heap;
	size_t heap_n, heap_capacity;
	uint32_t n, faults;                         /* of the genesis */
	uint32_t people;                            /* and those who may join; then twins */
	bool changes;                               /* the roster changes on request */
	struct sr_bytes genesis;
	struct sim_bytes genesis_bytes;
	struct genesis *parsed;
	struct sim_node nodes[SIM_PROCESSES_MAX];   /* members, joiners, then twins */
	uint32_t processes;
	uint32_t faulty[SIM_NODES_MAX], faulty_n;
	/* twin.c: bit 1 the member itself, bit 2 its copy, for each other member */
	uint8_t sides[SIM_NODES_MAX][SIM_NODES_MAX];
	struct sim_client *clients[SIM_CLIENTS_MAX];
	uint32_t clients_n;
	struct sim_race *race;                      /* race.c, or NULL */
	struct sim_coalition *coalition;            /* what all liars know */
	/* the plan */
	struct sim_fault plan[SIM_PLAN_MAX];
	uint32_t plan_n;
	bool genesis_faults, faults_on;
	uint64_t plan_random[4], faults_began_us;
	uint64_t injected[SIM_FAULT_KINDS];
	/* network */
	bool healed;
	uint32_t drop_per_mille, duplicate_per_mille, tail_per_mille, crash_per_mille;
	uint32_t late_final_per_mille; /* FINAL votes that crawl: notarisation runs ahead */
	bool cut[SIM_NODES_MAX][SIM_NODES_MAX];     /* one-way cuts; partitions are made of them */
	/* history for the invariants */
	struct sr_hash32 final_hash[SIM_HEIGHTS_MAX];
	struct sr_hash32 final_pre_root[SIM_HEIGHTS_MAX];
	uint64_t final_time_ms[SIM_HEIGHTS_MAX];
	bool final_known[SIM_HEIGHTS_MAX];
	uint64_t final_top;
	uint64_t final_uptime_ms[SIM_HEIGHTS_MAX];  /* U after it, reckoned from the headers */
	struct sim_history *history;
	struct sim_epoch *epochs[SIM_EPOCHS_MAX];   /* secrets.c; NULL: nobody was in it yet */
	const struct epoch_record *newest;          /* of them, or NULL */
	struct sim_bytes first_trail;               /* of epoch 1 */
	bool turn_known, turn_done;                 /* I12: healed, and all honest are voting */
	uint64_t turn_epoch, turn_slot;
	/* figures */
	uint64_t events, messages, dropped, crashes, restarts, lies, releases, acknowledged;
	uint64_t bad_shares_named, i6_looks, i7_looks, joined, left, refused;
	uint64_t acknowledged_height;               /* the highest of a receipt */
	uint64_t tokens;
	char violation[512];                        /* empty: none */
	struct sr_hash32 trace;
};

/* --- world.c --- */
uint64_t sim_random_of(uint64_t state[4]);
uint64_t sim_random(struct sim *s);
uint64_t sim_below(struct sim *s, uint64_t n);
bool sim_chance(struct sim *s, uint32_t per_mille);
void sim_fill(struct sim *s, uint8_t *out, size_t n);
uint64_t sim_now_ms(const struct sim *s);
void sim_push(struct sim *s, uint64_t delay_us, struct sim_event ev);
void sim_trace(struct sim *s, const void *p, size_t n);
__attribute__((format(printf, 2, 3))) void sim_violate(struct sim *s, const char *format, ...);
__attribute__((format(printf, 2, 3))) void sim_say(const struct sim *s, const char *format, ...);
/* As the member's process, to another member: to whichever of its copies may hear it. */
void sim_send(struct sim_node *from, uint32_t to, const uint8_t *msg, size_t n, uint64_t extra_us);
/* What the core wants sent; a liar may say something else. */
void sim_post(struct sim_node *from, uint32_t to, const uint8_t *msg, size_t n);
struct sim_node *sim_client_process(struct sim *s, uint32_t member);
/* The node that this core means by a seat, and the seat on which it knows a node; EPOCH_NOBODY. */
uint32_t sim_node_at(const struct sim_node *node, uint32_t seat);
uint32_t sim_seat_of(const struct sim_node *node, uint32_t other);
/* In the newest roster that anybody honest has. */
bool sim_member_now(const struct sim_node *node);
void sim_begin(struct sim *s);          /* the genesis */
void sim_go(struct sim *s, uint64_t ms);
bool sim_run(struct sim *s);            /* all of it; false: a violation */
SR_MUST_CHECK enum sr_error sim_init(struct sim *s, const struct sim_options *options);
void sim_clear(struct sim *s);
struct sim_bytes sim_copy(const uint8_t *p, size_t n);

/* --- plan.c --- */
void sim_plan_make(struct sim *s);
void sim_plan_begin(struct sim *s);             /* the fault phase starts now */
void sim_plan_event(struct sim *s, uint64_t number);
void sim_plan_end(struct sim *s);               /* healed: what is not for ever stops */
/* The lie of this kind that this member tells now, or NULL; its hits are the caller's to count. */
struct sim_fault *sim_plan_ever(struct sim *s, enum sim_fault_kind kind, uint32_t member);
struct sim_fault *sim_plan_active(struct sim *s, enum sim_fault_kind kind, uint32_t member);
void sim_plan_hit(struct sim *s, struct sim_fault *f);
const char *sim_fault_name(enum sim_fault_kind kind);
const char *sim_fault_what(enum sim_fault_kind kind);
void sim_plan_print(const struct sim *s);       /* a readable story */
bool sim_plan_crash_point(struct sim_node *node); /* a power cut here? */

/* --- twin.c --- */
bool sim_twin_hears(const struct sim *s, const struct sim_node *from, const struct sim_node *to);
void sim_twins_begin(struct sim *s, uint32_t member);
void sim_twins_step(struct sim_node *node);     /* after a step in epoch 0: one set of keys */
void sim_twins_sides(struct sim *s, uint32_t member, uint64_t param);
void sim_twin_stop(struct sim *s, uint32_t member);
void sim_node_rollback(struct sim_node *node);  /* crash, older disk, boot */
void sim_node_clone(struct sim_node *node);     /* a second process on the older disk */

/* --- node.c --- */
void sim_node_boot(struct sim_node *node);
void sim_node_crash(struct sim_node *node, bool cut); /* cut: power; else the process ends */
void sim_node_stop(struct sim_node *node);      /* the core only */
void sim_node_event(struct sim_node *node, struct enclave_event *ev);
void sim_node_clear(struct sim_node *node);
uint64_t sim_node_now_ms(const struct sim_node *node);
/* Comes back as the same core a while after it went down. */
void sim_node_restart_later(struct sim_node *node, uint64_t most_us);

/* --- host.c --- */
void sim_host_init(struct sim_node *node);      /* an empty disk */
void sim_host_identity(struct sim_node *node, const uint8_t *p, size_t n);
/* false: not now (it comes again), or never (dead). */
bool sim_host_open(struct sim_node *node);
/* cut: its machine loses power; else only the process ends, and what it wrote stays seen. */
void sim_host_close(struct sim_node *node, bool cut);
/* Carries out what the core wants; false: the core is gone with its host. */
bool sim_host_effects(struct sim_node *node, keeper_other *other);
/* Before something leaves: is what must be durable durable? I6. */
void sim_host_check(struct sim_node *node, const struct enclave_effect *fx);
void sim_host_watch(struct sim_node *node);
/* The disk's rows, then its records. false: no more, or it went down. */
bool sim_host_next(struct sim_node *node, struct enclave_event *ev, uint8_t **bytes);
void sim_host_image(struct sim_node *node);     /* remembers the disk: a power cut's leftovers */
void sim_host_copy(struct sim_node *node, const struct disk *from);
void sim_host_clear(struct sim_node *node);
void sim_disk_fault(struct sim *s, struct sim_fault *f, bool begins);

/* --- order.c: around each step of a core --- */
void sim_step_before(struct sim_node *node);
void sim_step_after(struct sim_node *node);

/* --- change.c: operators who ask for it --- */
void sim_change_begin(struct sim *s, struct sim_fault *f);
/* For the epoch with this nonce, as its operator signs it; its evidence is in the writer. */
void sim_entry_sign(struct genesis_member *m, const struct sr_edsk *operator_key,
    const struct sr_hash32 *nonce, struct sr_writer *evidence);
/* A joiner ended itself: does it try again, with the true past? */
bool sim_joiner_ended(struct sim_node *node);
/* I12: is there something that a change should do, by this state? */
bool sim_change_due(const struct vault_tree *state, const struct epoch_record *now);

/* --- secrets.c --- */
void sim_check_roster(struct sim_node *node);   /* I10 */
void sim_check_shares(struct sim_node *node);   /* I7, at each switch */
void sim_epochs_clear(struct sim *s);
/* A node's place in the roster of an epoch that it knows; its number otherwise. */
uint32_t sim_place(const struct sim_node *node, uint64_t epoch);
void sim_check_vault_key(struct sim *s);        /* I7 */
/* I8, when a node answers a request for a share. */
void sim_check_release(struct sim_node *node, const struct sr_hash32 *ticket,
    const struct vault_account *requester, const struct sr_xpk *to);

/* --- check.c --- */
void sim_check_block(struct sim_node *node, uint64_t height, const uint8_t *header, size_t n);
void sim_check_send(struct sim_node *node, const uint8_t *msg, size_t n);
void sim_check_step(struct sim_node *node);     /* after each step */
void sim_check_end(struct sim *s);              /* after healing */
bool sim_check_undone(const struct sim_node *node); /* is a change due, or is it behind? */

/* --- user.c, race.c, client.c --- */
void sim_race_init(struct sim *s);
SR_MUST_CHECK enum sr_error sim_users_init(struct sim *s);
void sim_users_clear(struct sim *s);
void sim_user_wake(struct sim *s, uint32_t user, uint64_t token);
void sim_user_reply(
    struct sim_node *from, uint64_t token, enum sr_error code, struct sr_bytes answer);
void sim_users_finish(struct sim *s);           /* healed: every acknowledged thing is asked for */
bool sim_users_done(const struct sim *s);
/* I9, I13: a switch whose last acknowledged heartbeat was at this height. */
void sim_check_switch(
    struct sim *s, uint64_t heartbeat, uint64_t span_ms, const struct vault_switch *sw);
void sim_users_check(struct sim *s, struct vault_tree *state);

/* --- liar.c --- */
/* Remembers proposals and certificates of anybody. */
void sim_liar_see(struct sim *s, const uint8_t *msg, size_t n);
/* May send something else instead; true: it took care of the message. */
bool sim_liar_send(struct sim_node *node, uint32_t to, const uint8_t *msg, size_t n);
/* Before and after each step of a liar's core, whose memory it owns. */
void sim_liar_before(struct sim_node *node);
void sim_liar_after(struct sim_node *node);
/* Does it answer this client? */
bool sim_liar_serves(struct sim_node *node, uint32_t user);
void sim_liar_clear(struct sim_node *node);
void sim_coalition_clear(struct sim *s);

#endif
