# file: log.c
# What I proposed is not known after a restart.
s/^	s->own\.proposed = true;$/	s->own.proposed = false;/
