// A part of a shared text: the rows of a page are in one block of memory.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "struere/core/export.hpp"

namespace STRUERE_API struere {

// A value. Keeping a part keeps the whole block.
class SharedText {
 public:
  SharedText() = default;
  explicit SharedText(std::string text)
      : whole_(std::make_shared<const std::string>(std::move(text))), part_(*whole_) {}
  SharedText(std::shared_ptr<const std::string> whole, std::size_t begin, std::size_t size)
      : whole_(std::move(whole)), part_(std::string_view(*whole_).substr(begin, size)) {}

  std::string_view view() const noexcept { return part_; }

 private:
  std::shared_ptr<const std::string> whole_;
  std::string_view part_;
};

}  // namespace struere
