// SPDX-License-Identifier: Apache-2.0
// Structs with fields() as records, and back: nobody else spells the name of a field.
//
// A message is a struct with `static constexpr const char* type` and fields(a), which hands over a name (or a
// description with a `name`) and a member for each. A list of messages by number, std::map<std::uint64_t, Message>,
// becomes the fields "<name>0", "<name>1", ... Fields that are missing or make no sense leave the member as it is.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/field_text.hpp"
#include "core/base/record.hpp"

namespace cairn::pmix {

inline std::string field_name(const char* name) { return name; }
template <class Description>
std::string field_name(const Description& description) {
  return description.name;
}

template <class Message>
Record to_record(Message message);
template <class Message>
Message from_record(const Record& record);

class RecordWriter {
 public:
  explicit RecordWriter(Record& record) : record_(record) {}

  template <class Description, class T>
  void operator()(const Description& description, T& member) {
    record_.set(field_name(description), to_text(member));
  }
  template <class Description, class Message>
  void operator()(const Description& description, std::map<std::uint64_t, Message>& list) {
    for (const auto& [number, message] : list)
      record_.set(field_name(description) + std::to_string(number), to_record(message).encode());
  }

 private:
  Record& record_;
};

class RecordReader {
 public:
  explicit RecordReader(const Record& record) : record_(record) {}

  template <class Description, class T>
  void operator()(const Description& description, T& member) {
    const std::string name = field_name(description);
    if (record_.has(name)) from_text(record_.get(name), member);
  }
  template <class Description, class Message>
  void operator()(const Description& description, std::map<std::uint64_t, Message>& list) {
    const std::string prefix = field_name(description);
    for (const auto& [name, value] : record_.fields()) {
      std::uint64_t number = 0;
      if (!name.starts_with(prefix) || !from_text(std::string_view(name).substr(prefix.size()), number)) continue;
      list[number] = from_record<Message>(Record::decode(value));
    }
  }

 private:
  const Record& record_;
};

template <class Message>
Record to_record(Message message) {
  Record record(Message::type);
  RecordWriter writer(record);
  message.fields(writer);
  return record;
}

// The caller has looked at the record's type.
template <class Message>
Message from_record(const Record& record) {
  Message message;
  RecordReader reader(record);
  message.fields(reader);
  return message;
}

template <class Message>
bool is(const Record& record) {
  return record.type() == Message::type;
}

}  // namespace cairn::pmix
