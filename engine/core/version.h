/*
 * version: what this build calls itself.
 */
#ifndef BALM_CORE_VERSION_H
#define BALM_CORE_VERSION_H

#define BALM_VERSION "0.1.0"

#endif
