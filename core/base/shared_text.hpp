// SPDX-License-Identifier: Apache-2.0
// A text that tens of thousands of values have in common: a copy is a reference. It never changes, so copies may be
// used in several threads. Ordinary code.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

namespace cairn {

class SharedText {
 public:
  SharedText() = default;
  template <class Text>
  requires(std::is_convertible_v<const Text&, std::string> && !std::is_same_v<Text, SharedText>)
      SharedText(const Text& text)
      : SharedText(std::string(text)) {}
  SharedText(std::string_view text) : SharedText(std::string(text)) {}
  SharedText(std::string text) {
    if (!text.empty()) text_ = std::make_shared<const std::string>(std::move(text));
  }

  const std::string& string() const noexcept {
    static const std::string none;
    return text_ ? *text_ : none;
  }
  operator const std::string&() const noexcept { return string(); }
  bool empty() const noexcept { return !text_; }
  bool operator==(std::string_view text) const noexcept { return string() == text; }

 private:
  std::shared_ptr<const std::string> text_;
};

// Gives equal texts one place. One thread.
class TextPool {
 public:
  const SharedText& of(std::string_view text) {
    const auto known = texts_.find(text);
    if (known != texts_.end()) return known->second;
    SharedText fresh(text);
    const std::string_view key = fresh.string();
    return texts_.emplace(key, std::move(fresh)).first->second;
  }

 private:
  std::unordered_map<std::string_view, SharedText> texts_;
};

}  // namespace cairn
