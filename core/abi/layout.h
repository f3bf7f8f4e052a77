/* SPDX-License-Identifier: Apache-2.0 */
/* The address plan of a hosted process (x86-64, 47 bits).
 *
 *   [0 .. CAIRN_ARENA_TOP)     the arena: all that belongs to the guest
 *   [CAIRN_ARENA_TOP .. 2^47)  the host's mappings, every hole plugged with PROT_NONE
 *
 * The last MiB of the arena is the fixed area: host table and guest vdso. It is rebuilt by every host, the vdso's
 * entries at the same addresses, and is never part of an image. The guest's main stack ends CAIRN_STACK_GAP below it.
 */
#ifndef CAIRN_ABI_LAYOUT_H
#define CAIRN_ABI_LAYOUT_H

#define CAIRN_PAGE_SIZE 0x1000UL
#define CAIRN_ARENA_TOP 0x300000000000UL
#define CAIRN_FIXED_SIZE 0x100000UL
#define CAIRN_FIXED_BASE (CAIRN_ARENA_TOP - CAIRN_FIXED_SIZE)
#define CAIRN_TABLE_ADDR CAIRN_FIXED_BASE
#define CAIRN_VDSO_ADDR (CAIRN_FIXED_BASE + 0x10000UL)
#define CAIRN_STACK_GAP 0x100000UL
#define CAIRN_STACK_TOP (CAIRN_FIXED_BASE - CAIRN_STACK_GAP)
#define CAIRN_BRK_BASE 0x2e0000000000UL

/* The signal that stops guest threads. libcr hides it: the guest's SIGRTMAX is one less. */
#define CAIRN_STOP_SIGNAL 64

#endif
