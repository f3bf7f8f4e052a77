// SPDX-License-Identifier: Apache-2.0
// The guest's descriptors. Ordinary code on the main thread.
#pragma once

#include <vector>

#include "core/base/unique_fd.hpp"
#include "core/state/image.hpp"

namespace cairn::state {

class Files {
 public:
  // Opens what has to be opened, on descriptors of the host. Throws EnvironmentError that names a file which is
  // missing, of another kind or not accessible.
  explicit Files(const Image& image);
  // Moves everything to its number and closes what the guest did not have. Before the guest runs.
  void restore();

 private:
  UniqueFd open_description(const Description& description);
  void place(const Descriptor& descriptor);

  const Image& image_;
  std::vector<UniqueFd> opened_;  // by description
};

}  // namespace cairn::state
