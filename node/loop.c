#define _GNU_SOURCE /* signalfd's flags */
#include "node/loop.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/drbg.h"
#include "base/hex.h"
#include "base/log.h"
#include "net/links.h"
#include "node/file.h"
#include "node/notify.h"

#define SECOND_MS 1000u
#define MINUTE_MS 60000u
#define EXPIRE_BATCH 256u
#define WORK_MS 2u                      /* at a time, for what the disk wants between effects */
#define WORK_EVERY_MS 8u

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec t;

	SR_ASSERT(clock_gettime(clock, &t) == 0);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

uint64_t loop_monotonic_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t loop_unix_ms(void)
{
	return clock_ms(CLOCK_REALTIME);
}

void loop_fail(struct loop *self, enum sr_error err, const char *what)
{
	sr_log(SR_LOG_ERROR, "node", "%s: %s (%s)", what, sr_error_message((unsigned)err),
	    sr_error_name((unsigned)err));
	if (self->failed == SR_OK)
		self->failed = err;
}

void loop_event(struct loop *self, struct enclave_event *ev)
{
	enum sr_error err;

	ev->now_ms = loop_unix_ms();
	err = child_event(&self->child, ev);
	self->figures.events++;
	if (err == SR_OK || err == SR_ERR_NOT_READY)
		return;
	if (ev->kind == ENCLAVE_EV_MESSAGE)
		self->figures.messages_dropped++;
	else if (ev->kind == ENCLAVE_EV_CLIENT)
		desk_reply(&self->desk, ev->token, err, NULL, 0);
	else
		sr_log(SR_LOG_WARN, "enclave", "an event of kind %d was lost: %s", (int)ev->kind,
		    sr_error_name((unsigned)err));
}

/* --- From the links --- */

static void on_message(void *ctx, uint32_t member, const uint8_t *bytes, size_t n)
{
	struct loop *self = ctx;
	struct enclave_event ev = {
		.kind = ENCLAVE_EV_MESSAGE, .member = member, .a = { bytes, n }
	};

	if (self->phase == LOOP_RUNNING)
		loop_event(self, &ev);
}

static void on_link(void *ctx, uint32_t member, bool up)
{
	struct loop *self = ctx;
	struct enclave_event ev = { .kind = ENCLAVE_EV_LINK, .member = member, .number = up };

	sr_log(SR_LOG_INFO, "links", "seat %u is %s", member, up ? "there" : "gone");
	self->figures.links_up[member] = up;
	if (self->phase == LOOP_RUNNING)
		loop_event(self, &ev);
}

static enum sr_error links_open(struct loop *self)
{
	struct net_settings settings = { .listen = self->config->link_listen,
		.self = (uint32_t)self->config->member,
		.ports = { self, on_message, on_link } };

	/* Whom the genesis names, until the enclave says who is there now. */
	for (uint32_t i = 0; i < self->genesis->members_n; i++)
		settings.peers[i] = self->genesis->members[i].link;
	memcpy(&settings.cluster, self->genesis->chain_id.b, sizeof settings.cluster);
	SR_TRY(sr_random_system((uint8_t *)&settings.boot, sizeof settings.boot));
	return net_links_new(&self->links, &settings, loop_monotonic_ms());
}

/* --- Opening --- */

static enum sr_error refuse(enum sr_error err, const char *what, const char *note)
{
	sr_log(SR_LOG_ERROR, "node", "%s: %s (%s)", what,
	    note != NULL && note[0] != '\0' ? note : sr_error_message((unsigned)err),
	    sr_error_name((unsigned)err));
	return err;
}

static enum sr_error genesis_open(struct loop *self)
{
	const struct config *c = self->config;
	enum sr_error err = file_read(
	    &self->genesis_bytes, &self->genesis_n, c->genesis, GENESIS_FILE_MAX);

	if (err != SR_OK)
		return refuse(err, c->genesis, NULL);
	self->genesis = malloc(sizeof *self->genesis);
	if (self->genesis == NULL)
		return SR_ERR_NO_MEMORY;
	err = genesis_decode(self->genesis, self->genesis_bytes, self->genesis_n);
	return err == SR_OK ? SR_OK : refuse(err, c->genesis, NULL);
}

static enum sr_error data_open(struct loop *self)
{
	const struct config *c = self->config;
	char note[NODE_LOG_NOTE_MAX];
	enum sr_error err = keeper_open(&self->keeper, c->data_dir, &self->genesis->chain_id,
	    (uint32_t)c->member, c->archive_blocks, note);

	if (err != SR_OK)
		return refuse(err, self->keeper.doing, note);
	err = blobs_open(&self->blobs, c->data_dir, c->blob_quota_bytes, c->blob_unreferenced_s,
	    c->free_space_min_bytes);
	if (err != SR_OK)
		return refuse(err, "blobs", NULL);
	err = repair_start(&self->repair, self->blobs,
	    &(struct repair_settings){ (uint32_t)c->member, REPAIR_GRACE_S, REPAIR_PATIENCE_S });
	for (uint32_t i = 0; err == SR_OK && i < self->genesis->members_n; i++)
		err = repair_peer(self->repair, i, self->genesis->members[i].url,
		    &self->genesis->members[i].url_pin);
	if (err == SR_OK)
		err = asker_start(&self->asker, self->repair, self->desk.wake_fd);
	return err == SR_OK ? SR_OK : refuse(err, "repair", NULL);
}

static enum sr_error signals_open(struct loop *self)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	/* Before any thread starts, so that all of them inherit it. */
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return SR_ERR_IO;
	self->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return self->signal_fd >= 0 ? SR_OK : SR_ERR_IO;
}

static const char *enclave_user(const struct config *config)
{
	if (config->enclave_user[0] != '\0')
		return config->enclave_user;
	return geteuid() == 0 && getpwnam("strongroom-enclave") != NULL ? "strongroom-enclave"
									: "nobody";
}

static enum sr_error child_prepare(struct loop *self)
{
	struct child_settings settings = { .program = self->config->enclave_program,
		.sealing_key = self->sealing_key, .user = enclave_user(self->config),
		.lock = self->config->enclave_lock == CONFIG_LOCK_ALL ? "all" : "keys" };

	bool sealed;

	SR_TRY(file_path(self->sealing_key, self->config->data_dir, NODE_SEALING_KEY));
	SR_TRY(node_sealing_is_sealed(&sealed, self->config->data_dir));
	if (sealed) {
		self->sealing = (struct node_sealing){ self->config->data_dir,
			&self->platform_options };
		settings.key = node_sealing_unseal;
		settings.key_ctx = &self->sealing;
	}
	child_init(&self->child, &settings);
	if (access(settings.program, X_OK) != 0)
		return refuse(SR_ERR_NOT_FOUND, settings.program, "enclave_program is not there");
	return SR_OK;
}

static enum sr_error platform_prepare(struct loop *self)
{
	node_platform_options(&self->platform_options, self->config);
	return node_platform_new(&self->platform, &self->platform_options, self->desk.wake_fd);
}

static enum sr_error parts_open(struct loop *self)
{
	enum sr_error err;

	SR_TRY(signals_open(self));
	SR_TRY(desk_init(&self->desk));
	SR_TRY(platform_prepare(self));
	SR_TRY(genesis_open(self));
	SR_TRY(child_prepare(self));
	SR_TRY(data_open(self));
	err = links_open(self);
	return err == SR_OK ? SR_OK : refuse(err, self->config->link_listen, NULL);
}

enum sr_error loop_open(struct loop *self, const struct config *config)
{
	enum sr_error err;

	memset(self, 0, sizeof *self);
	self->config = config;
	self->signal_fd = self->child.fd = self->desk.wake_fd = -1;
	self->keeper.dir.lock = self->keeper.log.fd = -1;
	self->batch = calloc(LOOP_FX_BATCH, sizeof *self->batch);
	self->status = calloc(1, sizeof *self->status);
	self->figures.started_ms = loop_monotonic_ms();
	self->watchdog_every_ms = notify_watchdog_ms();
	err = self->batch != NULL && self->status != NULL ? parts_open(self) : SR_ERR_NO_MEMORY;
	if (err != SR_OK)
		loop_close(self);
	return err;
}

void loop_close(struct loop *self)
{
	child_clear(&self->child);
	net_links_free(self->links);
	boot_clear(self);
	keeper_close(&self->keeper, self->failed == SR_OK || self->over);
	asker_stop(self->asker);
	repair_stop(self->repair);
	blobs_close(self->blobs);
	node_platform_free(self->platform);
	if (self->desk.calls != NULL)
		desk_clear(&self->desk);
	if (self->signal_fd >= 0)
		close(self->signal_fd);
	free(self->genesis);
	free(self->genesis_bytes);
	free(self->batch);
	free(self->status);
	memset(self, 0, sizeof *self);
}

/* --- The enclave's life --- */

static void enclave_start(struct loop *self, uint64_t now_ms)
{
	enum sr_error err = child_start(&self->child, now_ms);

	if (err != SR_OK) {
		sr_log(SR_LOG_ERROR, "enclave", "could not be started: %s",
		    sr_error_name((unsigned)err));
		self->child.restart_ms = now_ms + CHILD_BACKOFF_MAX_MS;
		return;
	}
	self->fresh = keeper_fresh(&self->keeper);
	self->figures.enclave_starts = self->child.starts;
	sr_log(SR_LOG_INFO, "enclave", "started pid=%ld user=%s", (long)self->child.pid,
	    self->child.settings.user);
	boot_begin(self);
}

/* Nobody waits for an enclave that has gone; it begins again from the disk. */
static void enclave_gone(struct loop *self)
{
	child_stop(&self->child, true);
	self->phase = LOOP_DOWN;
	self->figures.running = false;
	desk_lock(&self->desk);
	self->desk.figures.running = false;
	desk_unlock(&self->desk);
	desk_reply_all(&self->desk, SR_ERR_NOT_READY);
}

static void enclave_reap(struct loop *self, uint64_t now_ms)
{
	char text[300];

	if (!child_reap(&self->child, text, sizeof text, now_ms))
		return;
	enclave_gone(self);
	if (self->stopping)
		self->stopped = true;
	else
		sr_log(SR_LOG_ERROR, "enclave", "%s; starting it again in %llu ms", text,
		    (unsigned long long)(self->child.restart_ms - now_ms));
}

static void enclave_io(struct loop *self, short happened)
{
	enum sr_error err = SR_OK;

	if ((happened & (POLLIN | POLLHUP | POLLERR)) != 0) {
		err = child_read(&self->child);
		effects_run(self);
	}
	if (err == SR_OK && self->child.fd >= 0)
		err = child_write(&self->child);
	if (err != SR_OK && self->child.fd >= 0)
		enclave_gone(self);
}

static void stop_begin(struct loop *self, uint64_t now_ms)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_STOP };

	if (self->stopping) {
		sr_log(SR_LOG_WARN, "node", "asked again: stopping at once");
		self->stopped = true;
		return;
	}
	sr_log(SR_LOG_INFO, "node", "stopping");
	notify_send("STOPPING=1");
	self->stopping = true;
	self->stop_due_ms = now_ms + LOOP_STOP_MS;
	desk_lock(&self->desk);
	self->desk.figures.running = false;
	desk_unlock(&self->desk);
	if (self->phase == LOOP_RUNNING)
		loop_event(self, &ev);
	else
		self->stopped = true;
}

static void signals_read(struct loop *self, uint64_t now_ms)
{
	struct signalfd_siginfo info;

	while (read(self->signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
		if (info.ssi_signo != SIGCHLD)
			stop_begin(self, now_ms);
	enclave_reap(self, now_ms);
}

/* --- Clients --- */

static void questions_take(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_CLIENT };
	uint64_t ignored;
	uint32_t method;
	uint8_t *bytes;
	size_t n;

	(void)!read(self->desk.wake_fd, &ignored, sizeof ignored);
	while (self->phase == LOOP_RUNNING && child_queued(&self->child) < CHILD_OUT_BUSY &&
	       desk_take(&self->desk, &ev.token, &method, &bytes, &n) == SR_OK) {
		ev.number = method;
		ev.a = (struct sr_bytes){ bytes, n };
		loop_event(self, &ev);
		free(bytes);
	}
}

static void questions_expire(struct loop *self, uint64_t now_ms)
{
	uint64_t tokens[EXPIRE_BATCH];
	size_t n = desk_expire(&self->desk, now_ms, tokens, EXPIRE_BATCH);

	for (size_t i = 0; i < n && self->phase == LOOP_RUNNING; i++) {
		struct enclave_event ev = { .kind = ENCLAVE_EV_CLIENT_GONE, .token = tokens[i] };

		loop_event(self, &ev);
	}
}

/* What the machine said of itself. An enclave that began again has forgotten the question. */
static void evidence_take(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_EVIDENCE };
	struct node_platform_answer a;

	while (node_platform_take(self->platform, &a)) {
		ev.token = a.token;
		ev.number = (uint64_t)a.error;
		ev.a = (struct sr_bytes){ a.evidence, a.n };
		if (self->phase != LOOP_DOWN) /* its channels ask before all is replayed */
			loop_event(self, &ev);
		free(a.evidence);
	}
}

/* What another member knows of later epochs. One that fits no frame any more is asked for again. */
static void trail_take(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_TRAIL };
	struct asker_answer a;

	if (!asker_take(self->asker, &a))
		return;
	ev.number = a.first;
	ev.a = (struct sr_bytes){ a.p, a.n };
	if (self->phase == LOOP_RUNNING)
		loop_event(self, &ev);
	free(a.p);
}

/* Only who has a place can have lost it; who joins asks through its enclave. */
static void trail_watch(struct loop *self, uint64_t now_ms)
{
	const struct enclave_status *s = &self->figures.status;

	if (self->phase == LOOP_RUNNING && self->figures.status_known &&
	    s->role == ENCLAVE_ROLE_MEMBER)
		asker_watch(self->asker, s->epoch, s->final_height, now_ms);
}

/* --- Time --- */

static void disk_watch(struct loop *self)
{
	uint64_t free_bytes = file_free_bytes(self->config->data_dir);
	uint64_t min = self->config->free_space_min_bytes;
	bool low = keeper_low(&self->keeper, self->disk_low, free_bytes, min);
	struct enclave_event ev = { .kind = ENCLAVE_EV_DISK };

	self->figures.free_bytes = free_bytes;
	if (low != self->disk_low)
		sr_log(low ? SR_LOG_ERROR : SR_LOG_INFO, "disk",
		    low ? "free space %llu bytes is below %llu: this node does not vote until "
			  "there is room"
			: "there is room again: free space %llu bytes, wanted %llu",
		    (unsigned long long)free_bytes, (unsigned long long)min);
	self->disk_low = low;
	self->disk_blocked = self->disk_blocked && low;
	self->figures.disk_low = low;
	if (self->phase != LOOP_RUNNING || self->disk_told == low)
		return;
	ev.number = low;
	self->disk_told = low;
	loop_event(self, &ev);
}

static void figures_publish(struct loop *self)
{
	struct desk_figures *f = &self->figures;
	const struct keeper *k = &self->keeper;

	net_links_figures(&f->links, self->links);
	node_store_figures(&f->store, k->store);
	f->log_bytes = k->log.size;
	f->log_written_bytes = k->log.appended;
	f->log_syncs = k->log.synced;
	f->log_rotations = k->log.rotated;
	f->log_sync_us = k->sync_us;
	f->log_sync_max_us = k->sync_max_us;
	f->store_us = k->store_us;
	f->store_max_us = k->store_max_us;
	repair_figures(&f->repair, self->repair);
	f->enclave_queue_bytes = child_queued(&self->child);
	f->running = self->phase == LOOP_RUNNING && !self->stopping;
	desk_lock(&self->desk);
	self->desk.figures = *f;
	desk_unlock(&self->desk);
}

static void announce_status(struct loop *self)
{
	const struct enclave_status *s = &self->figures.status;

	if (!self->figures.status_known)
		return;
	desk_announce(&self->desk,
	    "event: status\ndata: "
	    "{\"running\":%s,\"epoch\":%llu,\"slot\":%llu,\"final_height\":%llu,"
	    "\"recovering\":%s,\"disk_full\":%s,\"vault_ready\":%s,\"pool\":%llu}\n\n",
	    self->figures.running ? "true" : "false", (unsigned long long)s->epoch,
	    (unsigned long long)s->slot, (unsigned long long)s->final_height,
	    s->recovering ? "true" : "false", s->disk_full ? "true" : "false",
	    s->vault_ready ? "true" : "false", (unsigned long long)s->pool);
}

static void every_second(struct loop *self, uint64_t now_ms)
{
	self->second_due_ms = now_ms + SECOND_MS;
	disk_watch(self);
	questions_expire(self, now_ms);
	trail_watch(self, now_ms);
	figures_publish(self);
	announce_status(self);
	if (!self->ready_told && self->phase == LOOP_RUNNING && self->figures.status_known) {
		self->ready_told = true;
		notify_send("READY=1");
		sr_log(SR_LOG_INFO, "node", "ready rpc=%s links=%s", self->config->rpc_listen,
		    self->config->link_listen);
	}
}

static void enclave_tick(struct loop *self)
{
	struct enclave_event ev = { .kind = ENCLAVE_EV_TICK };

	if (self->phase != LOOP_RUNNING || self->wake_ms == 0 || loop_unix_ms() < self->wake_ms)
		return;
	self->wake_ms = 0;
	loop_event(self, &ev);
}

static void time_passes(struct loop *self, uint64_t now_ms)
{
	if (self->child.pid == 0 && !self->stopping && now_ms >= self->child.restart_ms
	    && !self->disk_blocked)
		enclave_start(self, now_ms);
	if (now_ms >= self->second_due_ms)
		every_second(self, now_ms);
	if (now_ms >= self->minute_due_ms) {
		self->minute_due_ms = now_ms + MINUTE_MS;
		blobs_expire(self->blobs, loop_unix_ms() / 1000);
	}
	if (self->watchdog_every_ms > 0 && now_ms >= self->watchdog_due_ms) {
		self->watchdog_due_ms = now_ms + self->watchdog_every_ms;
		notify_send("WATCHDOG=1");
	}
	if (self->stopping && now_ms >= self->stop_due_ms) {
		sr_log(SR_LOG_WARN, "node", "the enclave did not stop in time");
		self->stopped = true;
	}
	enclave_tick(self);
}

/* While the enclave is told what there was, reading goes first. */
static bool work_waits(const struct loop *self)
{
	return self->phase == LOOP_RUNNING && keeper_busy(&self->keeper);
}

/* A little at a time: others wait for this loop. */
static void disk_work(struct loop *self)
{
	uint64_t now_ms = loop_monotonic_ms(), until_ms = now_ms + WORK_MS;
	enum sr_error err = SR_OK;

	if (!work_waits(self) || now_ms < self->work_due_ms)
		return;
	while (err == SR_OK && now_ms < until_ms && keeper_busy(&self->keeper)) {
		err = keeper_work(&self->keeper);
		now_ms = loop_monotonic_ms();
	}
	self->work_due_ms = now_ms + WORK_EVERY_MS - WORK_MS;
	if (err != SR_OK)
		loop_fail(self, err, self->keeper.doing);
}

static int wait_ms(const struct loop *self, uint64_t now_ms)
{
	uint64_t due = self->second_due_ms, links = net_links_deadline(self->links);
	uint64_t left, unix_ms = loop_unix_ms();

	if (links < due)
		due = links;
	if (self->child.pid == 0 && self->child.restart_ms < due)
		due = self->child.restart_ms;
	if (work_waits(self) && self->work_due_ms < due)
		due = self->work_due_ms;
	left = due > now_ms ? due - now_ms : 0;
	if (self->phase == LOOP_RUNNING && self->wake_ms != 0 && self->wake_ms < unix_ms + left)
		left = self->wake_ms > unix_ms ? self->wake_ms - unix_ms : 0;
	return left < SECOND_MS ? (int)left : (int)SECOND_MS;
}

/* --- The loop --- */

static void loop_once(struct loop *self)
{
	struct pollfd fds[SR_MEMBERS_MAX + 4];
	uint64_t now_ms = loop_monotonic_ms();
	bool receive = self->phase != LOOP_RUNNING || child_queued(&self->child) < CHILD_OUT_BUSY;
	bool writing = child_queued(&self->child) > 0;
	size_t n = 3;

	fds[0] = (struct pollfd){ .fd = self->signal_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = self->desk.wake_fd, .events = POLLIN };
	fds[2] = (struct pollfd){ .fd = self->child.fd,
		.events = (short)(writing ? POLLIN | POLLOUT : POLLIN) };
	n += net_links_fds(self->links, fds + n, sizeof fds / sizeof fds[0] - n, receive);
	if (poll(fds, (nfds_t)n, wait_ms(self, now_ms)) < 0 && errno != EINTR) {
		loop_fail(self, SR_ERR_IO, "poll");
		return;
	}
	now_ms = loop_monotonic_ms();
	if (self->child.fd >= 0)
		enclave_io(self, fds[2].revents);
	if ((fds[0].revents & POLLIN) != 0)
		signals_read(self, now_ms);
	net_links_step(self->links, receive, now_ms);
	questions_take(self);
	evidence_take(self);
	trail_take(self);
	time_passes(self, now_ms);
	boot_feed(self);
	disk_work(self);
	if (self->child.fd >= 0 && child_write(&self->child) != SR_OK)
		enclave_gone(self);
}

enum sr_error loop_run(struct loop *self)
{
	self->second_due_ms = loop_monotonic_ms();
	self->minute_due_ms = self->second_due_ms + MINUTE_MS;
	while (self->failed == SR_OK && !self->stopped)
		loop_once(self);
	net_links_flush(self->links, loop_monotonic_ms());
	figures_publish(self);
	if (self->failed == SR_OK)
		sr_log(SR_LOG_INFO, "node", "stopped");
	return self->failed;
}
