/* shamir/gf256_kernel.h - the three kernels to each other; shamir/gf256.h is for everyone else. */
#ifndef SR_SHAMIR_GF256_KERNEL_H
#define SR_SHAMIR_GF256_KERNEL_H

#include "shamir/gf256.h"

extern const struct shamir_gf_kernel shamir_gf_portable;
/* NULL where the build or the CPU lacks them. */
const struct shamir_gf_kernel *shamir_gf_avx2(void);
const struct shamir_gf_kernel *shamir_gf_gfni(void);

#endif
