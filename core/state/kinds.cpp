// SPDX-License-Identifier: Apache-2.0
#include "core/state/kinds.hpp"

namespace cairn::state {

extern const Kind process_kind, guest_kind, threads_kind, descriptors_kind, timers_kind, memory_kind, clocks_kind,
    credentials_kind, file_records_kind, settings_kind, signals_kind, starter_kind, extension_kind, shared_objects_kind,
    record_locks_kind, system_v_kind, working_directory_kind, child_stops_kind;

namespace {

// Signals come late: to be looked at they are taken out of the process's queue for a moment.
constexpr const Kind* kKinds[] = {
    &process_kind,     &working_directory_kind, &guest_kind,        &threads_kind,
    &descriptors_kind, &shared_objects_kind,    &record_locks_kind, &timers_kind,
    &memory_kind,      &system_v_kind,          &file_records_kind, &clocks_kind,
    &credentials_kind, &settings_kind,          &starter_kind,      &signals_kind,
    &extension_kind,   &child_stops_kind,
};

}  // namespace

std::span<const Kind* const> kinds() noexcept { return kKinds; }

void look_for_obstacles(const cairn_guest& guest) {
  for (const Kind* kind : kKinds) {
    if (kind->obstacle != nullptr) kind->obstacle(guest);
  }
}

void capture_all(Capture& capture, context::Writer& writer) {
  for (const Kind* kind : kKinds) {
    if (kind->capture == nullptr) continue;
    auto bytes = kind->capture(capture);
    if (!bytes.empty()) writer.add_section(kind->section, kind->version, std::move(bytes));
  }
}

Revival::Revival(Restart& restart) {
  for (const Kind* kind : kKinds) {
    if (kind->prepare != nullptr) revivers_.push_back(kind->prepare(restart));
  }
}

void Revival::restore(Stage stage) {
  for (const auto& reviver : revivers_) reviver->restore(stage);
}

}  // namespace cairn::state
