// SPDX-License-Identifier: Apache-2.0
// What Cairn makes has the modes that Cairn says (docs/admin-guide.md), whatever the umask of who has started it: that
// may take from a process what it is to open again, and stays behind with what later ones are to use.
//
// Only what is missing is given, so a place without modes of its own is left alone. A mode that cannot be given is no
// error here: whoever needs it is told so by what it does next. Any thread; errno is kept.
#pragma once

#include <sys/types.h>

namespace cairn {

// Of what is open.
void complete_mode(int fd, mode_t mode) noexcept;
// Of what has that name, if it belongs to this user. Links are not followed.
void complete_mode(int directory, const char* name, mode_t mode) noexcept;

// As mkdirat(2) and mkdtemp(3).
int make_directory_at(int directory, const char* name, mode_t mode) noexcept;
char* make_temporary_directory(char* name) noexcept;

}  // namespace cairn
