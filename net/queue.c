#include "net/queue.h"

#include <stdlib.h>
#include <string.h>

void net_queue_pop(struct net_queue *self, uint32_t class)
{
	struct net_item *item = self->classes[class].first;

	SR_ASSERT(item != NULL);
	self->classes[class].first = item->next;
	if (item->next == NULL)
		self->classes[class].last = NULL;
	self->classes[class].messages--;
	self->classes[class].bytes -= item->n;
	self->bytes -= item->n;
	free(item);
}

/* Makes room by dropping the oldest of the least urgent; never of a class more urgent than class.
 */
static bool make_room(struct net_queue *self, uint64_t *dropped, uint32_t class, size_t n)
{
	while (self->bytes + n > self->bytes_max) {
		uint32_t victim = NET_CLASSES;

		while (victim-- > class && self->classes[victim].first == NULL)
			if (victim == class)
				return false;
		net_queue_pop(self, victim);
		dropped[victim]++;
	}
	return true;
}

void net_queue_limit(struct net_queue *self, uint64_t *dropped, size_t bytes_max)
{
	self->bytes_max = bytes_max;
	/* Of the most urgent class on, so that nothing is spared. */
	SR_ASSERT(make_room(self, dropped, 0, 0));
}

enum sr_error net_queue_push(struct net_queue *self, uint64_t *dropped, uint32_t class, uint64_t id,
    const uint8_t *bytes, size_t n, uint64_t now_ms)
{
	struct net_item *item;

	if (n > self->bytes_max || !make_room(self, dropped, class, n)) {
		dropped[class]++;
		return SR_ERR_TOO_MANY;
	}
	if (self->classes[class].messages == NET_QUEUE_MESSAGES_MAX) {
		net_queue_pop(self, class);
		dropped[class]++;
	}
	item = malloc(sizeof *item + n);
	if (item == NULL) {
		dropped[class]++;
		return SR_ERR_NO_MEMORY;
	}
	*item = (struct net_item){ .id = id, .queued_ms = now_ms, .n = n };
	memcpy(item->bytes, bytes, n);
	if (self->classes[class].last != NULL)
		self->classes[class].last->next = item;
	else
		self->classes[class].first = item;
	self->classes[class].last = item;
	self->classes[class].messages++;
	self->classes[class].bytes += n;
	self->bytes += n;
	return SR_OK;
}

struct net_item *net_queue_first(struct net_queue *self, uint64_t *dropped, uint32_t *class,
    uint64_t now_ms)
{
	for (uint32_t c = 0; c < NET_CLASSES; c++) {
		struct net_item *item;

		while ((item = self->classes[c].first) != NULL &&
		       now_ms - item->queued_ms > NET_STALE_MS) {
			net_queue_pop(self, c);
			dropped[c]++;
		}
		if (item != NULL) {
			*class = c;
			return item;
		}
	}
	return NULL;
}

void net_queue_clear(struct net_queue *self)
{
	for (uint32_t c = 0; c < NET_CLASSES; c++)
		while (self->classes[c].first != NULL)
			net_queue_pop(self, c);
}
