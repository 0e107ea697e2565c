#include <struere/struere.hpp>

// No class that a user could define under a name of the library's is a friend of what makes a scope or an actor.
namespace struere {
class Authentication {};
class ActorResolver {
 public:
  static ActorContext make(const ActorContext& actor) {
#ifdef MUST_NOT_COMPILE
    return actor.state_ ? ActorContext(actor.state_) : actor;
#else
    return actor;
#endif
  }
};
}  // namespace struere
