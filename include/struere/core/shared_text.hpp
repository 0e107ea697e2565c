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
      : whole_(std::make_shared<const std::string>(std::move(text))), size_(whole_->size()) {}
  // `size` bytes from `begin` on, which must stay while the rest of the block is still written.
  SharedText(std::shared_ptr<const std::string> whole, std::size_t begin, std::size_t size)
      : whole_(std::move(whole)), begin_(begin), size_(size) {}

  std::string_view view() const noexcept {
    return whole_ ? std::string_view(whole_->data() + begin_, size_) : std::string_view();
  }

 private:
  std::shared_ptr<const std::string> whole_;
  std::size_t begin_ = 0, size_ = 0;
};

}  // namespace struere
