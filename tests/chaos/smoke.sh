#!/bin/bash
# The chaos of `make check`: four faults in half a minute. The machine is busy with other things meanwhile, so
# how soon finality is back is not judged as strictly as by `make chaos`.
FAULTS='partition power_cut bad_disk rollback' MINUTES=0.4 HEAL_LIMIT_MS=30000 exec "$(dirname "$0")/chaos.sh"
