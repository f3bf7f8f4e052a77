/* SPDX-License-Identifier: Apache-2.0 */
/* A call of libc's with the guest's thread pointer: has the host's for as long as it takes. Frozen-world code, except for
 * what it calls. r11: the function. All that may hold an argument or a result stays as it is: rax (of lists of
 * arguments: how many are floating point), rdi, rsi, rdx, rcx, r8, r9, xmm0 to 7; rax, rdx, xmm0, xmm1, st0, st1.
 *
 * The guest's thread-local struct cairn_light (core/abi/crossing.h), at cairn_light_place from the guest's thread
 * pointer, says what the host's is, and what is to be there again afterwards. Signals may come at any instruction: their
 * handlers come back with the thread pointer that they have found.
 */
#include <asm/prctl.h>
#include <sys/syscall.h>

#include "core/abi/layout.h"

#define HOST_FS 0 /* struct cairn_light */
#define BACK_FS 8
#define OWN_ADDRESS 24
#define MUTEX_KIND_AT 16 /* __kind of libc's pthread_mutex_t on x86-64 */
#define MUTEX_KIND 0x7f  /* recursive, error checking, adaptive, robust, with priorities: all but shared and elision */
#define HANDED_ON 256 /* bytes of arguments on the stack */

#if CAIRN_ARENA_TOP != (3 << 44)
#error entries.py compares with this
#endif

  .text

/* The thread pointer becomes that of register r10. `extra` is how far the stack is from the frame that .cfi knows. */
  .macro write_thread_pointer
  cmpl $0, cairn_entries_by_kernel(%rip)
  jne 7f
  wrfsbase %r10
  jmp 8f
7:
  push %rax
  push %rcx
  push %rdi
  push %rsi
  push %r11
  mov $ARCH_SET_FS, %edi
  mov %r10, %rsi
  mov $SYS_arch_prctl, %eax
  syscall
  pop %r11
  pop %rsi
  pop %rdi
  pop %rcx
  pop %rax
8:
  .endm

/* r10: the guest's struct cairn_light. A thread that libc made for itself (of aio) has its thread pointer below
 * CAIRN_ARENA_TOP, too, where the kernel put it, but no such struct: the function is called as it is. While there is no
 * place at all, r10 is the thread pointer, where OWN_ADDRESS is something else. */
  .macro find_light otherwise
  mov %fs:0x10, %r10
  add cairn_light_place(%rip), %r10
  cmp %r10, OWN_ADDRESS(%r10)
  jne \otherwise
  .endm

/* r10: the host's thread pointer; what is to be there again is kept at `place`. */
  .macro take_host place
  push BACK_FS(%r10)
  pop \place
  mov HOST_FS(%r10), %r10
  .endm

  .hidden cairn_route_registers, cairn_route_stack, cairn_route_mutex, cairn_route_never
  .globl cairn_route_registers, cairn_route_stack, cairn_route_mutex, cairn_route_never

  .type cairn_route_registers, @function
cairn_route_registers:
  .cfi_startproc
  find_light 9f
  sub $24, %rsp
  .cfi_adjust_cfa_offset 24
  take_host 8(%rsp)
  write_thread_pointer
  call *%r11
  mov 8(%rsp), %r10
  write_thread_pointer
  add $24, %rsp
  .cfi_adjust_cfa_offset -24
  ret
9:
  jmp *%r11
  .cfi_endproc
  .size cairn_route_registers, . - cairn_route_registers

/* rdi: a pthread_mutex_t. Its simple kind works with any thread pointer. */
  .type cairn_route_mutex, @function
cairn_route_mutex:
  testl $MUTEX_KIND, MUTEX_KIND_AT(%rdi)
  jnz cairn_route_registers
  jmp *%r11
  .size cairn_route_mutex, . - cairn_route_mutex

/* The arguments on the stack are handed on, and as much of the caller's frame as they may be. */
  .type cairn_route_stack, @function
cairn_route_stack:
  .cfi_startproc
  find_light 9f
  push %rbp
  .cfi_adjust_cfa_offset 8
  .cfi_offset %rbp, -16
  mov %rsp, %rbp
  .cfi_def_cfa_register %rbp
  sub $(16 + HANDED_ON), %rsp
  take_host -8(%rbp)
  push %rax
  .set at, 0
  .rept HANDED_ON / 8
  mov 16 + at(%rbp), %rax
  mov %rax, 8 + at(%rsp)
  .set at, at + 8
  .endr
  pop %rax
  write_thread_pointer
  call *%r11
  mov -8(%rbp), %r10
  write_thread_pointer
  leave
  .cfi_def_cfa %rsp, 8
  ret
9:
  jmp *%r11
  .cfi_endproc
  .size cairn_route_stack, . - cairn_route_stack

/* Of a function that cannot be routed: ends the process. r11: the function; eax: which entry. */
  .type cairn_route_never, @function
cairn_route_never:
  find_light 9f
  mov %eax, %edi
  and $-16, %rsp
  call cairn_entry_stray
9:
  jmp *%r11
  .size cairn_route_never, . - cairn_route_never

  .section .note.GNU-stack, "", @progbits
