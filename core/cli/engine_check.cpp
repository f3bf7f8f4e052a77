// SPDX-License-Identifier: Apache-2.0
#include "core/cli/engine_check.hpp"

#include "core/base/error.hpp"
#include "core/engine/engine.hpp"

namespace cairn::cli {

void check_engine(const std::string& option, const std::string& engine) {
  try {
    make_engine(engine);
  } catch (const Error& error) {
    throw Error(error.code(), option + " " + engine + ": " + error.what());
  }
}

}  // namespace cairn::cli
