// SPDX-License-Identifier: Apache-2.0
// Images that are restarted. All that an image says is done with the rights of whoever restarts it, long before the
// program has its own: so nobody else may have written it. Ordinary code.
#pragma once

#include <sys/stat.h>

#include <string>

#include "core/abi/restart_options.hpp"
#include "core/state/image.hpp"

namespace cairn::state {

// Root's are root's alone. Others may take another's, as they may run his programs; but nobody takes one that others
// may write (core/base/others_write.hpp). Throws EnvironmentError, unless the options accept it.
void refuse_foreign(const std::string& name, const struct stat& status, const restart::Options& options);
// The same of what is at this path.
void refuse_foreign(const std::string& path, const restart::Options& options);

// As read_image(), with refuse_foreign().
Image read_own_image(context::Reader reader, const restart::Options& options);

}  // namespace cairn::state
