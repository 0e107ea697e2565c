// What the walkthrough prints: titles, code, tables, and claims, each of which is computed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

class Screen {
 public:
  Screen();  // coloured where the output is a terminal and NO_COLOR is not set

  void title(std::string_view text);
  void say(std::string_view text) const;
  void code(std::string_view lines) const;  // what the host wrote
  void table(const std::vector<std::vector<std::string>>& rows) const;  // the first row is the head

  // Prints the claim with its truth.
  void claim(bool holds, std::string_view text);

  std::size_t claims() const noexcept { return claims_; }
  std::size_t broken() const noexcept { return broken_; }

 private:
  std::string paint(std::string_view text, std::string_view colour) const;

  bool colours_;
  std::size_t titles_ = 0, claims_ = 0, broken_ = 0;
};
