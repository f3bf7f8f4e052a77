// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>

#include "core/base/error.hpp"
#include "core/state/guest/kind.hpp"
#include "core/state/threads/state.hpp"

namespace cairn::state {
namespace {

// Of an older libcr, whose table ends before what has been added since.
constexpr std::size_t kOldestGuest = offsetof(cairn_guest, light_place);

// The guest's table came from the file: its own pointers are checked before they are followed.
cairn_guest& find_guest(const Image& image) {
  auto& guest = *reinterpret_cast<cairn_guest*>(image.get<GuestState>().address);
  const auto slots = reinterpret_cast<std::uint64_t>(guest.threads);
  const std::uint64_t bytes = static_cast<std::uint64_t>(guest.threads_max) * sizeof(cairn_thread);
  const auto& areas = image.reader().areas();
  const bool inside = std::any_of(areas.begin(), areas.end(), [&](const context::StoredArea& a) {
    return a.area.start <= slots && slots + bytes <= a.area.end;
  });
  const auto& threads = image.get<ThreadsState>().threads;
  const bool known_slots =
      std::all_of(threads.begin(), threads.end(), [&](const auto& t) { return t.slot < guest.threads_max; });
  if (guest.magic != CAIRN_GUEST_MAGIC || guest.version != CAIRN_GUEST_VERSION ||
      guest.size != image.get<GuestState>().abi_size || !inside || !known_slots)
    image.contradiction("the guest's table is damaged");
  return guest;
}

class GuestReviver : public Reviver {
 public:
  explicit GuestReviver(Restart& restart) : restart_(restart) {}
  void restore(Stage stage) override {
    if (stage == Stage::guest) restart_.guest = &find_guest(restart_.image);
  }

 private:
  Restart& restart_;
};

}  // namespace

void check_guest(const Image& image) {
  const auto& guest = image.get<GuestState>();
  if (guest.abi_version != CAIRN_GUEST_VERSION || guest.abi_size < kOldestGuest ||
      guest.abi_size > sizeof(cairn_guest)) {
    image.contradiction("it was made with libcr interface " + std::to_string(guest.abi_version) + "/" +
                        std::to_string(guest.abi_size) + ", this host knows " + std::to_string(CAIRN_GUEST_VERSION) +
                        "/" + std::to_string(sizeof(cairn_guest)));
  }
  if (guest.address % 8 != 0 || !image.is_stored(guest.address, guest.abi_size))
    image.contradiction("the guest's table is outside the program");
}

std::unique_ptr<Reviver> prepare_guest(Restart& restart) { return std::make_unique<GuestReviver>(restart); }

}  // namespace cairn::state
