// SPDX-License-Identifier: Apache-2.0
// A piece of work on input that nobody vouches for, done by a library that trusts it: in a process of its own, which
// can open no file, make no connection and grow by no more than it is given. What goes wrong there ends there.
// Ordinary code; forks, so not while another thread holds a lock that the work needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace cairn {

struct Confinement {
  std::string subject;     // for messages: "the manifest"
  std::size_t memory = 0;  // bytes by which the process may grow
  std::size_t answer = 0;  // bytes
  double seconds = 0;      // until it is ended
};

// What work() returns, there; it may use memory, and read what is in it. Throws PermanentError if it throws a
// cairn::Error (with its text), or does not come to an end as it should; EnvironmentError if there can be no process.
// The answer is as trustworthy as the input.
std::vector<std::uint8_t> run_confined(const Confinement& confinement,
                                       const std::function<std::vector<std::uint8_t>()>& work);

}  // namespace cairn
