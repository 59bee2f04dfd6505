/*
 * enclave/host_wire.h - the one boundary between the untrusted host and the enclave: events in,
 * effects out, in order, over one stream socket. Base only. frame = length u32 | kind u8 |
 * fields; at most HOST_FRAME_MAX.
 *
 * The host must carry effects out in order: everything PERSISTed with sync before a SEND, REPLY
 * or STATUS must be durable before that leaves. It may batch: write all persists it has read, one
 * fdatasync, then the rest.
 *
 * member is a seat (struct epoch_member): it stays the same as long as that node is a member.
 */
#ifndef SR_ENCLAVE_HOST_WIRE_H
#define SR_ENCLAVE_HOST_WIRE_H

#include "base/buf.h"
#include "base/secret.h"

#define HOST_WIRE_VERSION 2u
#define HOST_FRAME_MAX (8u * 1024u * 1024u)

enum enclave_event_kind {
	/* a = genesis file, b = sealed identity; number = HOST_WIRE_VERSION; member: my seat */
	ENCLAVE_EV_BOOT = 1,
	ENCLAVE_EV_STORE_ROW = 2,    /* boot: a = key, b = value, every row of table "state" */
	ENCLAVE_EV_LOG_RECORD = 3,   /* boot: a = record, oldest first */
	/* boot done; number = 1 when the log and store were both new and empty */
	ENCLAVE_EV_READY = 4,
	ENCLAVE_EV_TICK = 5,         /* nothing but the time */
	/* member, a = bytes: a sealed frame at the socket; plaintext at the core */
	ENCLAVE_EV_MESSAGE = 6,
	ENCLAVE_EV_CLIENT = 7,       /* token, method (number), a = request */
	ENCLAVE_EV_ARCHIVE = 8,      /* token, a = u32 count, blobs: rows as stored */
	ENCLAVE_EV_DISK = 9,         /* number = 1: nearly full, stop voting; 0: room again */
	ENCLAVE_EV_LINK = 10,        /* member, number = 1 up, 0 down */
	ENCLAVE_EV_STOP = 11,        /* drain: checkpoint, then STOPPED */
	ENCLAVE_EV_CLIENT_GONE = 12, /* token: nobody waits any more */
	/* after BOOT of a node that joins, until its store holds rows, as often as it takes:
	 * number = the first step, a = u32 count, steps of the epoch trail; b, with the first = a
	 * pinned epoch u64 | its roster root 32, or nothing. Later, to a member whose final block
	 * does not move: what another one answered, number not beyond this epoch */
	ENCLAVE_EV_TRAIL = 13,
	/* token, number = sr_error, a = evidence (attest/evidence.h) */
	ENCLAVE_EV_EVIDENCE = 14,
	ENCLAVE_EV_STATE = 15,       /* token, a = u32 count, blobs: values asked for, in order */
};

/* now_ms (host's clock, unix) comes with every event; seed is added by the enclave's shell, never
 * by the host. */
struct enclave_event {
	enum enclave_event_kind kind;
	uint64_t now_ms;
	uint64_t token, number;
	uint32_t member;
	struct sr_bytes a, b;        /* borrowed */
	const struct sr_key32 *seed; /* 32 fresh random bytes; not on the wire */
};

enum enclave_effect_kind {
	ENCLAVE_FX_PERSIST = 1,      /* a = record for the safety log; number = 1: sync */
	/* member, number = class (consensus_class order), a = bytes; sealed frame at the socket */
	ENCLAVE_FX_SEND = 2,
	ENCLAVE_FX_REPLY = 3,        /* token, number = sr_error, a = answer */
	ENCLAVE_FX_WAKE = 4,         /* number = unix ms: send TICK then */
	ENCLAVE_FX_ARCHIVE_PUT = 5,  /* number = height, a = block hash 32, b = sealed row */
	/* token, number = first height wanted; member = most KiB; answer ARCHIVE */
	ENCLAVE_FX_ARCHIVE_READ = 6,
	/* a = key, b = value (empty: delete): part of the open checkpoint */
	ENCLAVE_FX_STATE_PUT = 7,
	/* a = u32 count, blobs: the records a fresh log begins with. Commit all STATE_PUTs since
	 * the last one in one durable transaction, then start the fresh log and drop the old one */
	ENCLAVE_FX_CHECKPOINT = 8,
	ENCLAVE_FX_STATUS = 9,       /* a = enclave_status: public, for metrics and health */
	/* a final block, for /events: number = height, a = header bytes, member = operations */
	ENCLAVE_FX_BLOCK = 10,
	/* number = sr_log_level, a = text for the host's log; never holds a secret */
	ENCLAVE_FX_NOTE = 11,
	/* number = sr_error, a = text: stop, tell the operator, do not restart blindly */
	ENCLAVE_FX_FATAL = 12,
	/* a = sealed identity: replace the file durably before what follows */
	ENCLAVE_FX_IDENTITY = 13,
	ENCLAVE_FX_STOPPED = 14,     /* all is written; exit */
	/* a = piece hash 32 that a finalised secret needs; number = its bytes; b = what it is a
	 * piece of (vault_payload_write) */
	ENCLAVE_FX_BLOB_KEEP = 15,
	ENCLAVE_FX_BLOB_DROP = 16,   /* a = piece hash 32 no longer needed */
	/* member, a = its link's address (empty: forget that peer); b = its URL's pin 32 | its URL,
	 * where other members' pieces are */
	ENCLAVE_FX_PEER = 17,
	/* token, a = report data 64: the platform's evidence for it; answer EVIDENCE */
	ENCLAVE_FX_EVIDENCE = 18,
	/* token, a = keys of 32 bytes each, of rows in the table "state"; member = most KiB; answer
	 * STATE: their values, up to the first that is not there or does not fit */
	ENCLAVE_FX_STATE_READ = 19,
};

struct enclave_effect {
	enum enclave_effect_kind kind;
	uint64_t token, number;
	uint32_t member;
	struct sr_bytes a, b;        /* owned by the list at the core; borrowed after decoding */
};

/* with its u32 length */
void host_wire_event_write(struct sr_writer *w, const struct enclave_event *ev);
SR_MUST_CHECK enum sr_error host_wire_event_read(struct enclave_event *ev, const uint8_t *frame,
    size_t n);  /* without */
void host_wire_effect_write(struct sr_writer *w, const struct enclave_effect *fx);
SR_MUST_CHECK enum sr_error host_wire_effect_read(struct enclave_effect *fx, const uint8_t *frame,
    size_t n);

/* Public figures. */
enum enclave_role {
	ENCLAVE_ROLE_MEMBER = 0,
	ENCLAVE_ROLE_JOINING = 1,    /* no state yet */
	ENCLAVE_ROLE_OBSERVER = 2,   /* follows, without a vote: a candidate */
};
struct enclave_status {
	struct sr_hash32 chain_id, final_hash, state_root, measurement;
	uint64_t epoch, slot, final_slot, final_height, final_time_ms, uptime_ms;
	/* author, self: places in members (self EPOCH_NOBODY: no member now); seat: mine or
	 * EPOCH_NOBODY */
	uint32_t author, self, seat, members_n, threshold, attestation;
	uint32_t role;               /* enum enclave_role */
	bool recovering, disk_full, vault_ready /* the vault key exists */;
	uint64_t operations_final, operations_refused, pool, releases, slots_skipped;
	uint64_t records;            /* in the state */
	struct {
		uint64_t final_height, heard_ms;
		uint32_t seat;
		bool connected;
		uint8_t name[SR_NAME_MAX];
		size_t name_n;
	} members[SR_MEMBERS_MAX];   /* in this epoch's order */
};
void enclave_status_write(struct sr_writer *w, const struct enclave_status *s);
void enclave_status_read(struct enclave_status *s, struct sr_reader *r);

#endif
