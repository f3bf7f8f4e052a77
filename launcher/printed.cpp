// SPDX-License-Identifier: Apache-2.0
#include "launcher/printed.hpp"

#include <array>
#include <cstdio>
#include <memory>

#include "core/base/text.hpp"

namespace cairn::launcher {

std::string printed_by(const std::vector<std::string>& command, Streams streams) {
  const std::string errors = streams == Streams::output ? " 2>/dev/null" : " 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((quoted(command) + " </dev/null" + errors).c_str(), "re"),
                                                   &::pclose);
  std::string output;
  std::array<char, 4096> some{};
  if (!pipe) return output;
  for (std::size_t n; (n = std::fread(some.data(), 1, some.size(), pipe.get())) != 0;) output.append(some.data(), n);
  return output;
}

}  // namespace cairn::launcher
