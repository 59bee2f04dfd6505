# file: node/state.c
# What is put during a fold goes to the delta that it removes.
# killed by: test_node_store
s/delta_put(self->open, &self->pile,/delta_put(self->closed != NULL ? self->closed : self->open, \&self->pile,/
