// The output of the walkthrough: titles, text, code, tables, and claims, each of which is computed. At most 100
// columns wide.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

class Screen {
 public:
  Screen();  // coloured if the output is a terminal and NO_COLOR is not set

  void title(std::string_view text);
  void say(std::string_view text);                                // a paragraph
  void code(std::string_view lines);                              // code of the host
  void answer(std::string_view lines);                            // the answer of the library
  void table(const std::vector<std::vector<std::string>>& rows);  // the first row is the head

  // Prints the claim and whether it holds.
  void claim(bool holds, std::string_view text);

  std::size_t claims() const noexcept { return claims_; }
  std::size_t broken() const noexcept { return broken_; }

 private:
  enum class Block { none, title, text, code, answer, table, claim };

  // Prints an empty line before another kind of block.
  void begin(Block block);
  std::string paint(std::string_view text, std::string_view colour) const;

  bool colours_;
  Block last_ = Block::none;
  std::size_t titles_ = 0, claims_ = 0, broken_ = 0;
};
