/* SPDX-License-Identifier: Apache-2.0 */
/* What of libcr cannot be written in C++. */

/* int cairn_save_context(struct cairn_context *): returns 0 now, and 1 to whoever resumes the context
 * (core/state/threads), with the caller's callee-saved registers, stack pointer and floating-point control words. */
        .text
        .globl cairn_save_context
        .hidden cairn_save_context
        .type cairn_save_context, @function
cairn_save_context:
        .cfi_startproc
        mov %rbx, 0(%rdi)
        mov %rbp, 8(%rdi)
        mov %r12, 16(%rdi)
        mov %r13, 24(%rdi)
        mov %r14, 32(%rdi)
        mov %r15, 40(%rdi)
        lea 8(%rsp), %rax
        mov %rax, 48(%rdi)
        mov (%rsp), %rax
        mov %rax, 56(%rdi)
        stmxcsr 64(%rdi)
        fnstcw 68(%rdi)
        xor %eax, %eax
        ret
        .cfi_endproc
        .size cairn_save_context, .-cairn_save_context

/* Where handlers return to. No unwind information and exactly these bytes: unwinders and debuggers know a signal
 * frame by them. */
        .p2align 4
        nop
        .globl cairn_restorer
        .hidden cairn_restorer
        .type cairn_restorer, @function
cairn_restorer:
        mov $15, %rax /* rt_sigreturn */
        syscall
        .globl cairn_restorer_end
        .hidden cairn_restorer_end
cairn_restorer_end:
        .size cairn_restorer, .-cairn_restorer

/* vfork() returns twice on one stack: the choice of what to do is made by a function, the way there is a jump. */
        .globl vfork
        .type vfork, @function
vfork:
        .cfi_startproc
        sub $8, %rsp
        .cfi_adjust_cfa_offset 8
        call cairn_vfork_target
        add $8, %rsp
        .cfi_adjust_cfa_offset -8
        jmp *%rax
        .cfi_endproc
        .size vfork, .-vfork

/* dlopen(file, mode), dlmopen(namespace, file, mode): libc must see the caller's own return address. */
        .macro dlopen_like name, file, mode, real
        .globl \name
        .type \name, @function
\name:
        .cfi_startproc
        push %rdi
        .cfi_adjust_cfa_offset 8
        push %rsi
        .cfi_adjust_cfa_offset 8
        push %rdx
        .cfi_adjust_cfa_offset 8
        mov \mode, %eax
        mov \file, %rdi
        mov %eax, %esi
        call cairn_dlopen_mpi
        test %rax, %rax
        jnz 1f
        call \real
        pop %rdx
        .cfi_adjust_cfa_offset -8
        pop %rsi
        .cfi_adjust_cfa_offset -8
        pop %rdi
        .cfi_adjust_cfa_offset -8
        jmp *%rax
        .cfi_adjust_cfa_offset 24
1:      add $24, %rsp
        .cfi_adjust_cfa_offset -24
        ret
        .cfi_endproc
        .size \name, .-\name
        .endm

        dlopen_like dlopen, %rdi, %esi, cairn_real_dlopen
        dlopen_like dlmopen, %rsi, %edx, cairn_real_dlmopen

        .section .note.GNU-stack,"",@progbits
