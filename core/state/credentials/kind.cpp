// SPDX-License-Identifier: Apache-2.0
#include "core/state/credentials/kind.hpp"

namespace cairn::state {

extern const Kind credentials_kind;
const Kind credentials_kind = {
    .name = "credentials",
    .section = CAIRN_CTX_CREDENTIALS,
    .version = 1,
    .oldest = 1,
    .required = false,
    .obstacle = nullptr,
    .capture = capture_credentials,
    .read = read_plain<CredentialsState>,
    .check = check_credentials,
    .prepare = prepare_credentials,
    .documentation =
        {"users, groups, capabilities, securebits, no_new_privs",
         "in the section CREDENTIALS, thread by thread; nobody gets more rights than were saved",
         "what the program has changed comes back as it was, or the restart is refused; what it was started "
         "with follows the new place where that has fewer rights",
         "tests/state/credentials/credentials.cpp"},
};

}  // namespace cairn::state
