// SPDX-License-Identifier: Apache-2.0
// The options of cr_checkpoint and cr_restart that say what happens to the processes afterwards.
#pragma once

#include <boost/program_options.hpp>

namespace cairn::tools {

// -S --signal N, --stop --term --abort --kill --cont --run
boost::program_options::options_description after_signal_options();
// The signal that was asked for, 0 for none. Throws ArgumentError if there is more than one.
int after_signal(const boost::program_options::variables_map& options);

}  // namespace cairn::tools
