/* node/metrics.c - Prometheus text. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "node/http.h"

#define METRICS_MAX 65536u

struct text { char *p; size_t n; };

__attribute__((format(printf, 2, 3)))
static void add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->p + t->n, METRICS_MAX - t->n, format, args);
	va_end(args);
	if (n > 0 && (size_t)n < METRICS_MAX - t->n)
		t->n += (size_t)n;
	else
		t->p[t->n] = '\0';
}

static void one(struct text *t, const char *type, const char *name, const char *help, uint64_t v)
{
	add(t, "# HELP strongroom_%s %s\n# TYPE strongroom_%s %s\nstrongroom_%s %llu\n", name, help,
	    name, type, name, (unsigned long long)v);
}

#define gauge(t, name, help, v) one(t, "gauge", name, help, v)
#define counter(t, name, help, v) one(t, "counter", name, help, v)

static void consensus_metrics(struct text *t, const struct desk_figures *f, uint64_t now_ms)
{
	const struct enclave_status *s = &f->status;

	gauge(t, "epoch", "Current epoch.", s->epoch);
	gauge(t, "slot", "Current slot of the epoch.", s->slot);
	gauge(t, "final_height", "Height of the newest final block.", s->final_height);
	gauge(t, "final_time_ms", "Time of the newest final block, unix ms.", s->final_time_ms);
	gauge(t, "members", "Members of the roster.", s->members_n);
	gauge(t, "member", "1 while this node is one of them.", s->role == ENCLAVE_ROLE_MEMBER);
	gauge(t, "threshold", "Shares needed.", s->threshold);
	gauge(t, "recovering", "1 while this node abstains after a restart.", s->recovering);
	gauge(t, "vault_ready", "1 once the vault key exists.", s->vault_ready);
	gauge(t, "pool", "Operations waiting.", s->pool);
	gauge(t, "records", "Records in the state.", s->records);
	counter(t, "operations_final_total", "Operations finalised.", s->operations_final);
	counter(t, "operations_refused_total", "Operations refused.", s->operations_refused);
	counter(t, "releases_total", "Decryption shares given out.", s->releases);
	counter(t, "slots_skipped_total", "Slots that were skipped.", s->slots_skipped);
	gauge(t, "status_age_ms", "Age of these figures.", now_ms - f->status_at_ms);
	add(t, "# HELP strongroom_member_connected 1 when the channel to a member is up.\n"
	       "# TYPE strongroom_member_connected gauge\n");
	for (uint32_t i = 0; i < s->members_n; i++)
		add(t, "strongroom_member_connected{seat=\"%u\"} %d\n", s->members[i].seat,
		    s->members[i].connected);
	add(t, "# HELP strongroom_member_final_height A member's newest final block, as it says.\n"
	       "# TYPE strongroom_member_final_height gauge\n");
	for (uint32_t i = 0; i < s->members_n; i++)
		add(t, "strongroom_member_final_height{seat=\"%u\"} %llu\n",
		    s->members[i].seat, (unsigned long long)s->members[i].final_height);
}

static void link_metrics(struct text *t, const struct desk_figures *f)
{
	static const char *const classes[NET_CLASSES] = { "vote", "certificate", "proposal",
		"sync" };

	counter(t, "link_sent_total", "Frames sent.", f->links.sent);
	counter(t, "link_sent_bytes_total", "Bytes sent.", f->links.sent_bytes);
	counter(t, "link_received_total", "Frames received.", f->links.received);
	counter(t, "link_received_bytes_total", "Bytes received.", f->links.received_bytes);
	counter(t, "link_malformed_total", "Frames that were not ours.", f->links.malformed);
	counter(t, "link_broken_total", "Messages that lost a fragment.", f->links.broken);
	counter(t, "link_reconnects_total", "Connections replaced.", f->links.reconnects);
	gauge(t, "link_queued_bytes", "Bytes waiting for peers.", f->links.queued_bytes);
	add(t,
	    "# HELP strongroom_link_dropped_total Messages dropped from full queues, or too old.\n"
	    "# TYPE strongroom_link_dropped_total counter\n");
	for (unsigned i = 0; i < NET_CLASSES; i++)
		add(t, "strongroom_link_dropped_total{class=\"%s\"} %llu\n", classes[i],
		    (unsigned long long)f->links.dropped[i]);
}

static void disk_metrics(
    struct text *t, const struct desk_figures *f, const struct blobs_figures *b)
{
	gauge(t, "disk_free_bytes", "Free space.", f->free_bytes);
	gauge(t, "disk_low", "1 while too little space is free to vote.", f->disk_low);
	gauge(t, "log_bytes", "Size of safety.log.", f->log_bytes);
	counter(t, "log_written_bytes_total", "Bytes written to safety.log.", f->log_written_bytes);
	counter(t, "log_syncs_total", "fdatasync calls.", f->log_syncs);
	counter(t, "log_sync_us_total", "Time in write and fdatasync.", f->log_sync_us);
	gauge(t, "log_sync_max_us", "The longest of them.", f->log_sync_max_us);
	counter(t, "log_rotations_total", "Fresh logs begun at checkpoints.", f->log_rotations);
	counter(t, "store_us_total", "Time in which rows and blocks were written.", f->store_us);
	gauge(t, "store_max_us", "The longest: nothing else happens meanwhile.", f->store_max_us);
	gauge(t, "store_state_rows", "Rows of the last checkpoint, at most.", f->store.state_rows);
	gauge(t, "store_delta_bytes", "Changes not yet folded into the base.",
	    f->store.delta_bytes);
	counter(t, "store_folds_total", "Times they were.", f->store.folds);
	counter(t, "store_folds_dropped_total", "Times that failed, to be done again.",
	    f->store.folds_dropped);
	gauge(t, "store_archive_rows", "Blocks in the archive.", f->store.archive_rows);
	counter(t, "store_checkpoints_total", "Checkpoints written.", f->store.checkpoints);
	counter(t, "store_checkpoints_put_off_total", "Checkpoints put off by a full disk.",
	    f->store.checkpoints_put_off);
	counter(t, "store_damaged_rows_total", "Rows that failed their checksum.",
	    f->store.damaged_rows);
	gauge(t, "store_buffered_bytes", "Rows waiting for the disk.", f->store.buffered_bytes);
	gauge(t, "blob_bytes", "Bytes of pieces kept.", b->bytes);
	gauge(t, "blob_loose_bytes", "Bytes of pieces that nothing needs.", b->loose_bytes);
	gauge(t, "blob_files", "Pieces kept.", b->files);
	gauge(t, "blob_missing", "Pieces needed that are not here.", b->wanted);
	counter(t, "blob_repaired_total", "Pieces restored from other members'.",
	    f->repair.repaired);
	counter(t, "blob_repair_failed_total", "Tries that did not restore a piece.",
	    f->repair.failed);
	counter(t, "blob_repair_bad_total", "Pieces of others that were not of their hash.",
	    f->repair.bad);
	counter(t, "blob_repair_slow_total", "Pieces that others gave too slowly.",
	    f->repair.slow);
	counter(t, "blob_refused_total", "Pieces refused.", b->refused);
	counter(t, "blob_expired_total", "Pieces that nothing needed in time.", b->expired);
}

char *metrics_text(const struct desk_figures *f, const struct blobs_figures *b,
    const struct http_figures *h, uint64_t now_ms)
{
	struct text t = { malloc(METRICS_MAX), 0 };

	if (t.p == NULL)
		return NULL;
	gauge(&t, "running", "1 while the enclave serves.", f->running);
	gauge(&t, "host_uptime_ms", "Age of the host process.", now_ms - f->started_ms);
	if (f->status_known)
		consensus_metrics(&t, f, now_ms);
	link_metrics(&t, f);
	disk_metrics(&t, f, b);
	counter(&t, "enclave_starts_total", "Times the enclave was started.", f->enclave_starts);
	counter(&t, "enclave_events_total", "Events given to the enclave.", f->events);
	counter(&t, "enclave_effects_total", "Effects it gave back.", f->effects);
	gauge(&t, "enclave_queue_bytes", "Bytes it has not taken yet.", f->enclave_queue_bytes);
	counter(&t, "messages_dropped_total", "Peers' messages it had no room for.",
	    f->messages_dropped);
	counter(&t, "http_requests_total", "HTTPS requests.", h->requests);
	counter(&t, "http_refused_total", "HTTPS requests refused at once.", h->refused);
	counter(&t, "rpc_calls_total", "JSON-RPC calls.", h->rpc_calls);
	counter(&t, "rpc_errors_total", "JSON-RPC calls answered with an error.", h->rpc_errors);
	counter(&t, "rpc_timeouts_total", "Questions that got no answer in time.", h->timed_out);
	gauge(&t, "watchers", "Connections to /events.", h->watchers);
	return t.p;
}
