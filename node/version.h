/* node/version.h - the product's version, unless the build says otherwise. */
#ifndef SR_NODE_VERSION_H
#define SR_NODE_VERSION_H

#ifndef SR_VERSION
#define SR_VERSION "0.1.0"
#endif

#endif
