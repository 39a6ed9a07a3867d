/*
 * process: what a program of Balm's sets right before anything else.
 */
#ifndef BALM_FRONT_PROCESS_H
#define BALM_FRONT_PROCESS_H

#include <stdbool.h>

/* Standard streams, memory, signals, and the environment's other spellings. False where the streams
   cannot be held. */
bool balm_process_prepare(void);

#endif
