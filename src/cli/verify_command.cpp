// `struere verify`: recomputes the hash chain of the audit log.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/place.hpp"
#include "cli/screen.hpp"

namespace struere::cli {

void add_verify(CLI::App& program, Options& options) {
  program.add_subcommand("verify", "Recompute the hash chain of the audit log")->callback([&options] {
    const auto place = open_place(options);
    const auto found = place->verify();
    if (options.json) {
      Json out{{"ok", found.ok}, {"problem", found.problem}};
      if (found.verified) out["verified"] = *found.verified;
      if (found.purged) out["purged"] = *found.purged;
      if (found.head) out["head"] = *found.head;
      say_json(out);
    } else if (found.ok && (!found.verified || !found.head)) {
      say("The log of {} verifies.", place->environment());
    } else if (found.ok && found.head->empty()) {
      say("The log of {} has no events.", place->environment());
    } else if (found.ok) {
      say("{} events of {} verify. The last has the hash {}.", *found.verified, place->environment(), *found.head);
    }
    if (!found.ok && options.json) throw Finished{broken_storage};
    if (!found.ok) throw Error(ErrorCode::storage, found.problem);
  });
}

}  // namespace struere::cli
