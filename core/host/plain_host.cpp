// SPDX-License-Identifier: Apache-2.0
// cairn-host: the host of a plain program.
#include "core/host/host.hpp"

namespace {

class PlainExtension : public cairn::host::Extension {
 public:
  const char* name() const noexcept override { return "plain"; }
};

}  // namespace

int main(int argc, char** argv) {
  PlainExtension extension;
  return cairn::host::run(argc, argv, extension);
}
