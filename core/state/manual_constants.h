/* SPDX-License-Identifier: Apache-2.0 */
/* The headers whose constants process_state_table.cpp looks for in the table of the manual. */
#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/mman.h>
