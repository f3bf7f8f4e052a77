// SPDX-License-Identifier: Apache-2.0
#include "core/engine/kmod_engine.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>

#include "core/base/error.hpp"
#include "core/engine/features.hpp"
#include "core/engine/user_engine.hpp"
#include "kmod/cairn_uapi.h"

namespace cairn::engine {

std::unique_ptr<Engine> make_kmod_engine(std::string& why) {
  why = features().kmod;
  if (!why.empty()) return nullptr;
  UniqueFd device(open("/dev/cairn", O_RDWR | O_CLOEXEC));
  cairn_km_info info{};
  info.size = sizeof info;
  if (!device || ioctl(device.get(), CAIRN_KM_INFO, &info) != 0) {
    why = with_errno("/dev/cairn", errno);
    return nullptr;
  }
  if (info.version != CAIRN_KM_VERSION) {
    why = "/dev/cairn speaks version " + std::to_string(info.version) + ", not " + std::to_string(CAIRN_KM_VERSION);
    return nullptr;
  }
  why = "/dev/cairn, version " + std::to_string(info.version);
  return std::make_unique<UserEngine>(std::move(device));
}

}  // namespace cairn::engine
