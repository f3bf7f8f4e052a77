// SPDX-License-Identifier: Apache-2.0
// Owned identifiers of HDF5. Errors are exceptions (PermanentError); not thread-safe.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace cairn::hdf5 {

// Sole owner of an identifier and of how it is closed.
class Id {
 public:
  Id() = default;
  Id(hid_t id, herr_t (*close)(hid_t), const std::string& what) : id_(id), close_(close) {
    if (id < 0) throw PermanentError("manifest: HDF5 failed at " + what);
  }
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Id& operator=(Id&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  hid_t get() const { return id_; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

inline void check(herr_t status, const std::string& what) {
  if (status < 0) throw PermanentError("manifest: HDF5 failed at " + what);
}

// libhdf5 does not print its errors.
inline void be_quiet() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

}  // namespace cairn::hdf5
