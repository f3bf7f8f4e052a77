/* SPDX-License-Identifier: Apache-2.0 */
/* Entries as those of the host (core/host/entries.py), of the functions of entry_route_test.cpp: NAME is called by
 * routed_NAME. */
  .text
  .macro routed name shape
  .globl routed_\name
  .type routed_\name, @function
routed_\name:
  lea \name(%rip), %r11
  jmp cairn_route_\shape
  .size routed_\name, . - routed_\name
  .endm

  routed six_numbers registers
  routed eight_doubles registers
  routed mixed registers
  routed two_words registers
  routed hidden_struct registers
  routed complex_result registers
  routed long_double_result registers
  routed nested registers
  routed six_numbers_too stack
  routed nine_numbers stack
  routed long_doubles stack
  routed struct_by_value stack
  routed sum_of_list stack
  routed doubles_of_list stack
  routed format stack
  routed lock mutex

  .section .note.GNU-stack, "", @progbits
