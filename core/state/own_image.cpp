// SPDX-License-Identifier: Apache-2.0
#include "core/state/own_image.hpp"

#include <unistd.h>

#include <cerrno>

#include "core/base/error.hpp"
#include "core/base/others_write.hpp"

namespace cairn::state {

void refuse_foreign(const std::string& name, const struct stat& status, const restart::Options& options) {
  if (options.foreign == "accept") return;
  if (geteuid() == 0 && status.st_uid != 0) {
    throw EnvironmentError(
        name + " belongs to user " + std::to_string(status.st_uid) +
        ", who could have root do anything by it: restart it as that user (runuser), or, if you know "
        "what is in it, with --foreign=accept");
  }
  if (others_may_write(status)) {
    throw EnvironmentError(name +
                           " may be written by others, who could have your rights by it: look at it, then chmod " +
                           "go-w, or restart it with --foreign=accept");
  }
}

void refuse_foreign(const std::string& path, const restart::Options& options) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) throw EnvironmentError(with_errno(path, errno));
  refuse_foreign(path, status, options);
}

Image read_own_image(context::Reader reader, const restart::Options& options) {
  refuse_foreign(reader.name(), reader.status(), options);
  return read_image(std::move(reader));
}

}  // namespace cairn::state
