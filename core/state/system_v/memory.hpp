// SPDX-License-Identifier: Apache-2.0
// System V shared memory among the areas of the guest's. Ordinary code.
#pragma once

#include <cstdint>
#include <string>

#include "core/context/area.hpp"
#include "core/state/system_v/state.hpp"

namespace cairn::state {

// The kernel shows it with the device that anonymous shared memory has, and its number as the inode, which such memory
// may have as well. So as a device it has this bit besides, wherever areas are told apart.
inline constexpr std::uint64_t system_v_device = 1ULL << 63;

// As /proc/PID/maps shows it, with or without " (deleted)".
bool is_shown_as_system_v(const std::string& path) noexcept;
inline bool is_system_v(const Area& area) noexcept { return (area.device & system_v_device) != 0; }
inline SystemVName name_of_memory(std::uint64_t inode) noexcept {
  return {CAIRN_SYSTEM_V_MEMORY, static_cast<std::int32_t>(inode)};
}
// How often it is attached, as the kernel counts: each mapping is one. 0 if it is not there.
std::uint64_t attachments(std::int32_t number) noexcept;
// Who has attached it, where that is only known by their number.
inline constexpr const char* unknown_process = "a process that is not saved with it";
// Puts the part of it that the area shows where the area is; what is there is replaced. Throws EnvironmentError.
void attach_area(const Area& area, std::int32_t number, bool writable);

// Attached by the host for a while.
class AttachedSegment {
 public:
  // Throws EnvironmentError.
  AttachedSegment(std::int32_t number, bool writable);
  ~AttachedSegment();
  AttachedSegment(const AttachedSegment&) = delete;
  AttachedSegment& operator=(const AttachedSegment&) = delete;
  std::uint8_t* bytes() const noexcept { return bytes_; }
  std::uint64_t size() const noexcept { return size_; }  // bytes

 private:
  std::uint8_t* bytes_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace cairn::state
