// Cursors: any text but the very one that was given out is none.
#include "fuzz/fuzz_target.hpp"
#include "struere/struere.hpp"
#include "support/world.hpp"

namespace struere::fuzz {

// The first byte says whether the rest is a cursor, or changes to one that was given out (of a list, of the log).
void cursor_text(std::string_view bytes) {
  static test::World world;
  static const bool filled = [] {
    world.define_type({{"slug", "note"}});
    for (int i = 0; i < 4; ++i) world.create("note", {{"n", i}});
    return true;
  }();
  (void)filled;
  if (bytes.empty()) return;
  const auto notes = world.system().entities("note");
  const auto events = world.system().events();
  const Query query{.order = {{"data.n"}}, .limit = 2};
  const std::string of_list = *notes.list(query).next();
  const std::string of_log = *events.list({.limit = 2}).next;
  const std::string_view rest = bytes.substr(1);
  const std::string text = (bytes[0] & 3) == 0   ? std::string(rest)
                           : (bytes[0] & 3) == 1 ? edited(of_list, rest)
                                                 : edited(of_log, rest);
  Query asked = query;
  asked.after = text;
  const std::string listed = answer_of([&] { return std::to_string(notes.list(asked).size()); });
  require(text == of_list ? listed == "2" : listed.starts_with("invalid_cursor: "), "a list answers " + listed);
  const std::string logged =
      answer_of([&] { return std::to_string(events.list({.limit = 2, .after = text}).events.size()); });
  require(text == of_log ? logged == "2" : logged.starts_with("invalid_cursor: "), "the log answers " + logged);
  // What is sealed for one question opens for no other.
  asked.order[0].direction = Direction::descending;
  require(answer_of([&] { return std::to_string(notes.list(asked).size()); }).starts_with("invalid_cursor: "),
          "another order takes it");
}

}  // namespace struere::fuzz
