// How a text is split into words and folded (SPEC 6, "search").
#include <catch2/catch.hpp>

#include "core/words.hpp"
#include "support/any_storage.hpp"

using namespace struere;
using namespace struere::test;

TEST_CASE("words are the runs of letters, marks and numbers of any script, folded", "[words][search]") {
  const auto words = [](const char* text) { return words_of(text); };
  using Words = std::vector<std::string>;
  CHECK(words("Guinea-Bissau") == Words{"guinea", "bissau"});
  CHECK(words("Côte d\u2019Ivoire") == Words{"cote", "d", "ivoire"});
  CHECK(words("C++ 20") == Words{"c", "20"});
  CHECK(words("\u201cHello\u201d \u2014 world\u2026") == Words{"hello", "world"});
  CHECK(words("\U0001F600smile\U0001F600") == Words{"smile"});
  CHECK(words("a\u00a0b\u2028c") == Words{"a", "b", "c"});
  CHECK(words("ΆΛΦΑ Ёлка ÄÖÜ Straße") == Words{"αλφα", "елка", "aou", "strasse"});
  CHECK(words("e\u0301tude \u00e9tude") == Words{"etude", "etude"});  // composed or not is one
  CHECK(words("日本語 \u0e01\u0e34\u0e19") == Words{"日本語", "\u0e01\u0e34\u0e19"});
  CHECK(words("\u0660\u0661 Ⅷ ½") == Words{"\u0660\u0661", "ⅷ", "½"});
  CHECK(words("snake_case under_score") == Words{"snake", "case", "under", "score"});
  CHECK(words("\u0301 -- \t\n").empty());
  CHECK(words_of(std::string_view("a\0b", 3)) == Words{"a", "b"});
  CHECK(words_of("\xff\xfe x\xc3").size() == 1);
}

TEST_CASE("what stands in the data is found as it stands there, in both storages", "[words][search]") {
  World world(any_storage());
  world.define_type({{"slug", "note"}, {"searchFields", {"text"}}});
  for (const char* const text : {"Guinea-Bissau", "Côte d'Ivoire", "ana@example.com", "C++ 20", "\u201cHello\u201d",
                                 "Łódź", "Нижний Новгород", "Ελλάδα", "日本 tea"}) {
    world.create("note", {{"text", text}});
    INFO(text);
    CHECK(world.system().entities("note").count({.search = text}) == 1);
  }
  for (const char* const text : {"cote ivoire", "COTE", "hello", "ниж", "ελλαδα", "日本", "example"})
    CHECK(world.system().entities("note").count({.search = text}) == 1);
  for (const char* const text : {"", "++", "\u2014", "本", "issau"})
    CHECK(world.system().entities("note").count({.search = text}) == 0);
}
