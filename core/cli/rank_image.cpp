// SPDX-License-Identifier: Apache-2.0
#include "core/cli/rank_image.hpp"

#include <filesystem>
#include <system_error>

#include "core/base/error.hpp"
#include "core/context/rank_of_image.hpp"

namespace cairn::cli {
namespace {

namespace fs = std::filesystem;

// A snapshot has its manifest two directories above: "SNAPSHOT/0/rank_0.ctx".
std::string snapshot_of(const std::string& path) {
  std::error_code error;
  const fs::path snapshot = fs::canonical(path, error).parent_path().parent_path();
  return !error && fs::exists(snapshot / "manifest.h5", error) ? snapshot.string() : "SNAPSHOT";
}

}  // namespace

void refuse_rank(const context::Reader& image, const std::string& path) {
  const auto rank = context::rank_of_image(image);
  if (!rank) return;
  throw ArgumentError(image.name() + " is of rank " + std::to_string(*rank) +
                      " of an MPI job, whose ranks are restarted together: use ompi-restart " + snapshot_of(path));
}

}  // namespace cairn::cli
