// Holds a storage of one's own to the standard of struere's: the suite, the scenarios, and random worlds beside the
// memory storage. Give it scenario files; without any, it plays the worlds alone.
#include "snapshot_storage.hpp"
#include "struere/conformance.hpp"

int main(int argc, char** argv) { return struere::conformance::main_of(argc, argv, open_snapshot_storage); }
