# file: rules.c
# Two NOTAR in a slot.
s/if (s == NULL || s->own\.notar)/if (s == NULL)/
s/b != NULL && !s->own\.notar; b = b->next/b != NULL; b = b->next/
