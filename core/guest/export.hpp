// SPDX-License-Identifier: Apache-2.0
// Everything in libcr.so is hidden but what this marks.
#pragma once

#define CAIRN_EXPORT extern "C" __attribute__((visibility("default")))

// Defines an interposer of libc's `name`. It has a name of its own in C++, so that it need not repeat the
// attributes and the exception specification of libc's declaration; only its symbol is libc's.
#define CAIRN_INTERPOSE(result, name, parameters)                                                           \
  extern "C" __attribute__((visibility("default"))) result cairn_replaced_##name parameters __asm__(#name); \
  extern "C" result cairn_replaced_##name parameters

// One more symbol for an interposer.
#define CAIRN_INTERPOSE_ALIAS(result, other, name, parameters)    \
  extern "C" __attribute__((visibility("default"), alias(#name))) \
  result cairn_replaced_##other parameters __asm__(#other)
