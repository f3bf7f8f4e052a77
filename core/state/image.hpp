// SPDX-License-Identifier: Apache-2.0
// A context file, read and understood: what there is to revive. It has been found to agree with itself; whether it
// can be had on this machine is for the revivers' Stage::check to say. Ordinary code; const methods from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <typeindex>

#include "core/base/codec.hpp"
#include "core/context/reader.hpp"

namespace cairn::state {

class Image {
 public:
  explicit Image(context::Reader reader) : reader_(std::move(reader)) {}

  const context::Reader& reader() const noexcept { return reader_; }
  // What a kind has kept; a state of defaults if the file has no such section.
  template <class State>
  const State& get() const {
    static const State none{};
    const auto found = states_.find(typeid(State));
    return found == states_.end() ? none : *static_cast<const State*>(found->second.get());
  }
  template <class State>
  void keep(State state) {
    states_[typeid(State)] = std::make_shared<State>(std::move(state));
  }
  // Is [address, address + length) within areas of the file?
  bool is_stored(std::uint64_t address, std::uint64_t length) const;
  // Throws PermanentError.
  [[noreturn]] void contradiction(const std::string& what) const;

 private:
  context::Reader reader_;
  std::map<std::type_index, std::shared_ptr<void>> states_;
};

// Kind::read of a section that is nothing but a State.
template <class State>
void read_plain(Image& image, std::span<const std::uint8_t> bytes, std::uint32_t /*version*/) {
  image.keep(decode<State>(bytes, State::section_name));
}

// Opens and reads. Throws PermanentError (damaged, of an unknown version, contradictory) or EnvironmentError.
Image read_image(const std::string& path);
// The same of a file that has been opened.
Image read_image(context::Reader reader);

}  // namespace cairn::state
