// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/state/descriptors/descriptor_kind.hpp"

namespace cairn::state {

// One file of kinds/ each.
extern const DescriptorKind device_descriptor, regular_descriptor, directory_descriptor, standard_descriptor,
    pipe_descriptor, eventfd_descriptor, timerfd_descriptor, epoll_descriptor, signalfd_descriptor, pidfd_descriptor,
    ended_pidfd_descriptor, nameless_descriptor, socket_pair_descriptor, tcp_connection_descriptor,
    tcp_socket_descriptor, udp_socket_descriptor, unix_connection_descriptor, unix_socket_descriptor,
    inotify_descriptor, elsewhere_descriptor, message_queue_descriptor, pseudo_terminal_descriptor,
    hung_up_terminal_descriptor, path_descriptor, refused_descriptor;

namespace {

constexpr const DescriptorKind* kKinds[] = {
    &device_descriptor,  //
    &message_queue_descriptor,
    &nameless_descriptor,
    &regular_descriptor,    //
    &directory_descriptor,  //
    &standard_descriptor,   //
    &path_descriptor,       //
    &pipe_descriptor,       //
    &eventfd_descriptor,    //
    &timerfd_descriptor,    //
    &epoll_descriptor,      //
    &signalfd_descriptor,   //
    &ended_pidfd_descriptor,
    &pidfd_descriptor,  //
    &socket_pair_descriptor,
    &tcp_connection_descriptor,
    &tcp_socket_descriptor,
    &udp_socket_descriptor,
    &unix_connection_descriptor,
    &unix_socket_descriptor,
    &inotify_descriptor,
    &elsewhere_descriptor,
    &hung_up_terminal_descriptor,
    &pseudo_terminal_descriptor,
    &refused_descriptor,
};

}  // namespace

std::span<const DescriptorKind* const> descriptor_kinds() noexcept { return kKinds; }

const DescriptorKind* find_descriptor_kind(std::uint32_t number) noexcept {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                   [number](const DescriptorKind* kind) { return kind->number == number; });
  return found == std::end(kKinds) ? nullptr : *found;
}

unsigned turn_of(std::uint32_t number) noexcept { return find_descriptor_kind(number)->object->turn; }

}  // namespace cairn::state
