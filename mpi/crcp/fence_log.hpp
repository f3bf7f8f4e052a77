// SPDX-License-Identifier: Apache-2.0
// One request's contributions to the fences and what came of them. A part is a failure (a text, empty or why its rank
// cannot go on) and, if there is none, what the participants have to say, one after another. All ranks of a job run the
// same build; reading is bounds-checked all the same. libcr's callback thread, guest's thread pointer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mpi/crcp/fence.hpp"

namespace cairn::crcp {

using Bytes = std::vector<std::uint8_t>;

// Why a rank cannot go on; an empty text: it can.
struct Failure {
  std::string text;
  bool permanent = false;  // asking again is of no use
  template <class Archive>
  void fields(Archive& a) {
    a(text, permanent);
  }
};

// This rank's part. Locked, if participants contribute to it: not to Fence::join and Fence::verdict, nor with a
// failure, but always to Fence::freeze.
Bytes make_part(Fence fence, Failure failure);

class FenceLog {
 public:
  enum class Result { open, done, lost };  // lost: the connection between the agents

  // Contributes to the next fence; the one before must be done. False: lost.
  bool begin(const Bytes& part);
  // Has everybody contributed? Once done, the parts are here.
  Result test();
  bool is_open() const noexcept { return open_; }

  // Nobody had a failure, but for Fence::freeze: has the participants read all parts. Locked. False: a part cannot be
  // understood. `failure` is empty, or why this rank cannot go on with what it was told.
  bool read(Fence fence, std::string& failure) const;

  // "rank 3 cannot ...: why (and 2 more)", or empty.
  std::string joined_failures(const char* what) const;
  std::string own_failure() const;  // this rank's, or empty
  bool any_failed() const noexcept;
  bool any_is_permanent() const noexcept;
  // This very text is somebody's failure, everybody's.
  bool any_says(const char* text) const noexcept;
  bool all_say(const char* text) const noexcept;

 private:
  bool open_ = false;
  std::vector<Failure> failures_;  // by rank, from the last fence
  std::vector<Bytes> parts_;       // by rank
};

}  // namespace cairn::crcp
