#include "node/platform.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/evidence_blob.h"
#include "base/log.h"

struct question { uint64_t token; uint8_t report_data[ATTEST_REPORT_DATA]; };

struct node_platform {
	struct platform_options options;
	int wake_fd;
	pthread_mutex_t lock;
	pthread_cond_t asked;
	pthread_t thread;
	bool started, ending;
	struct question questions[NODE_PLATFORM_QUEUE];
	size_t questions_n;
	/* Those that were refused at once besides. */
	struct node_platform_answer answers[2 * NODE_PLATFORM_QUEUE];
	size_t answers_n;
};

void node_platform_options(struct platform_options *out, const struct config *config)
{
	/* The choices of the key are in the order of enum platform_kind. */
	*out = (struct platform_options){ .kind = (enum platform_kind)config->platform,
		.tcti = config->platform_tcti };
	if (config->platform_collateral[0] != '\0')
		out->collateral = config->platform_collateral;
	if (config->platform_vouchers[0] != '\0')
		out->vouchers = config->platform_vouchers;
}

static enum sr_error evidence_make(struct sr_writer *w, const struct platform_options *o,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	char why[PLATFORM_WHY_MAX];
	struct platform *p;
	enum sr_error error = platform_open(&p, o, why);

	if (error == SR_OK) {
		error = platform_evidence(p, w, report_data);
		memcpy(why, platform_why(p), sizeof why);
		platform_close(p);
	}
	if (error == SR_OK)
		error = sr_writer_finish(w);
	/* Software evidence is the operator's signature, and a running node does not hold its
	 * operator's key: who could read this process could vouch for any enclave with it. A
	 * software node renews by hand, and its policy says that it need not. */
	if (error != SR_OK)
		sr_log(error == SR_ERR_NOT_SUPPORTED ? SR_LOG_DEBUG : SR_LOG_ERROR, "platform",
		    "%s gives no evidence: %s (%s)", platform_kind_name(o->kind), why,
		    sr_error_name((unsigned)error));
	return error;
}

/* With the lock held. An answer that finds no place is one to a question that was too many. */
static void answer_put(struct node_platform *self, const struct node_platform_answer *a)
{
	const uint64_t one = 1;

	if (self->answers_n == sizeof self->answers / sizeof self->answers[0]) {
		free(a->evidence);
		return;
	}
	self->answers[self->answers_n++] = *a;
	(void)!write(self->wake_fd, &one, sizeof one);
}

static void answer(struct node_platform *self, const struct question *q)
{
	struct node_platform_answer a = { .token = q->token };
	struct sr_writer w;

	sr_writer_init(&w, ATTEST_EVIDENCE_MAX);
	a.error = evidence_make(&w, &self->options, q->report_data);
	if (a.error == SR_OK)
		a.evidence = sr_writer_take(&w, &a.n);
	sr_writer_clear(&w);
	pthread_mutex_lock(&self->lock);
	answer_put(self, &a);
	pthread_mutex_unlock(&self->lock);
}

static void *run(void *arg)
{
	struct node_platform *self = arg;
	struct question q;

	pthread_mutex_lock(&self->lock);
	while (!self->ending) {
		if (self->questions_n == 0) {
			pthread_cond_wait(&self->asked, &self->lock);
			continue;
		}
		q = self->questions[0];
		self->questions_n--;
		memmove(self->questions, self->questions + 1, self->questions_n * sizeof q);
		pthread_mutex_unlock(&self->lock);
		answer(self, &q);
		pthread_mutex_lock(&self->lock);
	}
	pthread_mutex_unlock(&self->lock);
	return NULL;
}

enum sr_error node_platform_new(struct node_platform **out, const struct platform_options *options,
    int wake_fd)
{
	struct node_platform *self = calloc(1, sizeof *self);

	*out = NULL;
	if (self == NULL)
		return SR_ERR_NO_MEMORY;
	self->options = *options;
	self->wake_fd = wake_fd;
	if (pthread_mutex_init(&self->lock, NULL) != 0) {
		free(self);
		return SR_ERR_NO_MEMORY;
	}
	if (pthread_cond_init(&self->asked, NULL) != 0) {
		pthread_mutex_destroy(&self->lock);
		free(self);
		return SR_ERR_NO_MEMORY;
	}
	self->started = pthread_create(&self->thread, NULL, run, self) == 0;
	if (!self->started) {
		node_platform_free(self);
		return SR_ERR_NO_MEMORY;
	}
	*out = self;
	return SR_OK;
}

void node_platform_free(struct node_platform *self)
{
	if (self == NULL)
		return;
	pthread_mutex_lock(&self->lock);
	self->ending = true;
	pthread_cond_signal(&self->asked);
	pthread_mutex_unlock(&self->lock);
	if (self->started)
		pthread_join(self->thread, NULL);
	while (self->answers_n > 0)
		free(self->answers[--self->answers_n].evidence);
	pthread_cond_destroy(&self->asked);
	pthread_mutex_destroy(&self->lock);
	free(self);
}

void node_platform_ask(struct node_platform *self, uint64_t token,
    const uint8_t report_data[ATTEST_REPORT_DATA])
{
	struct question *q;

	pthread_mutex_lock(&self->lock);
	if (self->questions_n == NODE_PLATFORM_QUEUE) {
		answer_put(self,
		    &(struct node_platform_answer){ .token = token, .error = SR_ERR_TOO_MANY });
	} else {
		q = &self->questions[self->questions_n++];
		q->token = token;
		memcpy(q->report_data, report_data, sizeof q->report_data);
		pthread_cond_signal(&self->asked);
	}
	pthread_mutex_unlock(&self->lock);
}

bool node_platform_take(struct node_platform *self, struct node_platform_answer *out)
{
	bool there;

	pthread_mutex_lock(&self->lock);
	there = self->answers_n > 0;
	if (there) {
		*out = self->answers[0];
		self->answers_n--;
		memmove(self->answers, self->answers + 1, self->answers_n * sizeof *out);
	}
	pthread_mutex_unlock(&self->lock);
	return there;
}
