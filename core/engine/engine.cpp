// SPDX-License-Identifier: Apache-2.0
#include "core/engine/engine.hpp"

#include "core/base/error.hpp"
#include "core/engine/features.hpp"
#include "core/engine/kmod_engine.hpp"
#include "core/engine/user_engine.hpp"

namespace cairn {

EngineChoice make_engine(const std::string& wanted) {
  if (wanted != "auto" && wanted != "user" && wanted != "kmod") {
    throw ArgumentError("unknown engine \"" + wanted + "\": auto, user or kmod");
  }
  if (wanted == "user") return {std::make_unique<engine::UserEngine>(), "user: asked for"};
  std::string why;
  if (auto kmod = engine::make_kmod_engine(why)) return {std::move(kmod), "kmod: " + why};
  if (wanted == "kmod") {
    throw EnvironmentError(why + ": load the module (modprobe cairn), or use the user engine");
  }
  return {std::make_unique<engine::UserEngine>(), "user: " + why};
}

}  // namespace cairn
