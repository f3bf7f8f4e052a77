// SPDX-License-Identifier: Apache-2.0
#include "core/cli/parameter_options.hpp"

#include <algorithm>
#include <sstream>
#include <type_traits>

#include "core/base/field_text.hpp"

namespace cairn::cli {
namespace {

std::string long_name(const ParameterOption& option) {
  const std::string spelling = option.spelling;
  return spelling.substr(0, spelling.find(','));
}

std::vector<std::string> choices_of(const Parameter& parameter) {
  std::vector<std::string> choices;
  std::istringstream text(parameter.choices == nullptr ? "" : parameter.choices);
  for (std::string choice; std::getline(text, choice, '|');) choices.push_back(choice);
  return choices;
}

template <class T>
void set(const Parameter& parameter, T& value, const std::string& what, const std::string& text) {
  if constexpr (std::is_floating_point_v<T>) {
    value = seconds_of(what, text);
  } else {
    if (parameter.choices != nullptr) one_of(what, text, choices_of(parameter));
    if (!from_text(text, value)) throw ArgumentError(what + " cannot be '" + text + "'");
  }
}

// The visitors of CheckpointParameters::fields().

struct ListOptions {
  std::vector<Option> options;

  template <class T>
  void operator()(const Parameter& parameter, T&) {
    for (const ParameterOption& o : parameter.options) {
      if (o.spelling != nullptr) options.push_back({o.spelling, o.operand == nullptr ? "" : o.operand, o.help});
    }
  }
};

struct SetGiven {
  const Given& given;

  template <class T>
  void operator()(const Parameter& parameter, T& value) {
    const auto& [one, other] = parameter.options;
    if (one.spelling != nullptr && other.spelling != nullptr)
      given.at_most_one({long_name(one).c_str(), long_name(other).c_str()});
    for (const ParameterOption& o : parameter.options) {
      if (o.spelling == nullptr || !given.has(long_name(o))) continue;
      const std::string text = o.operand == nullptr ? o.value : given.text(long_name(o));
      // No seconds: as if the option had not been given.
      if (std::is_floating_point_v<T> && text == "0") continue;
      set(parameter, value, "--" + long_name(o), text);
    }
  }
};

struct ListJobOptions {
  std::vector<JobOption> options;

  template <class T>
  void operator()(const Parameter& parameter, T& usual) {
    if (parameter.job_help == nullptr) return;
    std::string spelling = std::string("cr-") + parameter.name;
    std::replace(spelling.begin(), spelling.end(), '_', '-');
    const char* operand = parameter.choices != nullptr ? parameter.choices : parameter.options[0].operand;
    options.push_back(
        {parameter.name, {spelling, operand, std::string(parameter.job_help) + " (" + to_text(usual) + ")"}});
  }
};

struct SetOne {
  const std::string &name, &what, &text;

  template <class T>
  void operator()(const Parameter& parameter, T& value) {
    if (parameter.name == name) set(parameter, value, what, text);
  }
};

}  // namespace

std::vector<Option> parameter_options() {
  ListOptions list{};
  CheckpointParameters().fields(list);
  return list.options;
}

void set_parameters(const Given& given, CheckpointParameters& parameters) {
  SetGiven visitor{given};
  parameters.fields(visitor);
}

std::vector<JobOption> job_options(CheckpointParameters usual) {
  ListJobOptions list{};
  usual.fields(list);
  return list.options;
}

void set_parameter(CheckpointParameters& parameters, const std::string& name, const std::string& what,
                   const std::string& text) {
  SetOne visitor{name, what, text};
  parameters.fields(visitor);
}

}  // namespace cairn::cli
