// Classes of characters that ECMAScript and RE2 name differently.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace struere::json_schema {

// The ranges of a class for ECMAScript white space, and the ranges for all other characters.
inline constexpr std::string_view white_space =
    R"(\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF})";
inline constexpr std::string_view no_white_space =
    R"(\x{0}-\x{8}\x{E}-\x{1F}!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E})"
    R"(\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF})";

// The general categories by their long names; RE2 knows only the short ones.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 37> categories{
    {{"Other", "C"},
     {"Control", "Cc"},
     {"cntrl", "Cc"},
     {"Format", "Cf"},
     {"Private_Use", "Co"},
     {"Surrogate", "Cs"},
     {"Letter", "L"},
     {"Lowercase_Letter", "Ll"},
     {"Modifier_Letter", "Lm"},
     {"Other_Letter", "Lo"},
     {"Titlecase_Letter", "Lt"},
     {"Uppercase_Letter", "Lu"},
     {"Mark", "M"},
     {"Combining_Mark", "M"},
     {"Spacing_Mark", "Mc"},
     {"Enclosing_Mark", "Me"},
     {"Nonspacing_Mark", "Mn"},
     {"Number", "N"},
     {"Decimal_Number", "Nd"},
     {"digit", "Nd"},
     {"Letter_Number", "Nl"},
     {"Other_Number", "No"},
     {"Punctuation", "P"},
     {"punct", "P"},
     {"Connector_Punctuation", "Pc"},
     {"Dash_Punctuation", "Pd"},
     {"Close_Punctuation", "Pe"},
     {"Final_Punctuation", "Pf"},
     {"Initial_Punctuation", "Pi"},
     {"Other_Punctuation", "Po"},
     {"Open_Punctuation", "Ps"},
     {"Symbol", "S"},
     {"Separator", "Z"},
     {"Line_Separator", "Zl"},
     {"Paragraph_Separator", "Zp"},
     {"Space_Separator", "Zs"},
     {"Math_Symbol", "Sm"}}};

// The short name of a general category. Other names are returned unchanged.
inline std::string_view short_category(std::string_view name) {
  const auto* const known = std::ranges::find(categories, name, &std::pair<std::string_view, std::string_view>::first);
  return known == categories.end() ? name : known->second;
}

}  // namespace struere::json_schema
