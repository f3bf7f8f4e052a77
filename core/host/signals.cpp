// SPDX-License-Identifier: Apache-2.0
// Signal dispositions belong to the guest. The host's libraries (Open MPI's stack printer, UCX's fault handler)
// believe that they install handlers; nothing is installed, since a handler of the host must never run with the
// guest's thread pointer.
#include <csignal>
#include <cstring>

#include "core/host/entries.hpp"

CAIRN_INTERPOSE int CAIRN_OWN(sigaction)(int, const struct sigaction*, struct sigaction* old) noexcept {
  if (old != nullptr) std::memset(old, 0, sizeof *old);
  return 0;
}

CAIRN_INTERPOSE sighandler_t CAIRN_OWN(signal)(int, sighandler_t) noexcept { return SIG_DFL; }
