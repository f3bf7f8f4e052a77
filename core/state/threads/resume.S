/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets are those of struct Resume in resume.hpp. */

        .text
/* long cairn_revive_thread(const struct clone_args *rdi, size_t rsi, const struct Resume *rdx) */
        .globl cairn_revive_thread
        .hidden cairn_revive_thread
        .type cairn_revive_thread, @function
cairn_revive_thread:
        mov $435, %eax /* clone3 */
        syscall
        test %rax, %rax
        jz 1f
        ret
1:      xor %ebp, %ebp
        mov %rdx, %rbx
        mov %rdx, %rdi
        call cairn_become_guest_thread
        mov %rbx, %rdi
        call cairn_make_own_calls
        mov %rbx, %rdi
        jmp cairn_resume
        .size cairn_revive_thread, .-cairn_revive_thread

/* long cairn_hold_number(const struct clone_args *rdi, size_t rsi, const uint32_t *rdx): the thread has no stack and
 * needs none. */
        .globl cairn_hold_number
        .hidden cairn_hold_number
        .type cairn_hold_number, @function
cairn_hold_number:
        mov $435, %eax /* clone3 */
        syscall
        test %rax, %rax
        jz 1f
        ret
1:      mov %rdx, %rbx
2:      cmpl $0, (%rbx)
        jne 3f
        mov $202, %eax /* futex */
        mov %rbx, %rdi
        mov $128, %esi /* FUTEX_WAIT_PRIVATE */
        xor %edx, %edx
        xor %r10d, %r10d
        syscall
        jmp 2b
3:      xor %edi, %edi
        mov $60, %eax /* exit */
        syscall
        .size cairn_hold_number, .-cairn_hold_number

/* void cairn_resume(const struct Resume *rdi) */
        .globl cairn_resume
        .hidden cairn_resume
        .type cairn_resume, @function
cairn_resume:
        ldmxcsr 64(%rdi)
        fldcw 68(%rdi)
        mov 0(%rdi), %rbx
        mov 8(%rdi), %rbp
        mov 16(%rdi), %r12
        mov 24(%rdi), %r13
        mov 32(%rdi), %r14
        mov 40(%rdi), %r15
        mov 48(%rdi), %rsp
        mov 56(%rdi), %rcx
        mov $1, %eax
        jmp *%rcx
        .size cairn_resume, .-cairn_resume

        .section .note.GNU-stack,"",@progbits
