// SPDX-License-Identifier: Apache-2.0
// The parameters of a checkpoint (core/abi/checkpoint_parameters.hpp) as options of cr_checkpoint and of mpirun. Both
// come from walking the parameters' fields: a new parameter needs nothing here. Ordinary code; throws ArgumentError.
#pragma once

#include <string>
#include <vector>

#include "core/abi/checkpoint_parameters.hpp"
#include "core/cli/command_line.hpp"

namespace cairn::cli {

// cr_checkpoint's.
std::vector<Option> parameter_options();
// What was given of them.
void set_parameters(const Given& given, CheckpointParameters& parameters);

// mpirun's options --cr-...; their help says what `usual` has.
struct JobOption {
  std::string parameter;  // its name
  Option option;
};
std::vector<JobOption> job_options(CheckpointParameters usual);
// Sets the parameter of that name; `what` is what is said to want it: "--cr-engine".
void set_parameter(CheckpointParameters& parameters, const std::string& name, const std::string& what,
                   const std::string& text);

}  // namespace cairn::cli
