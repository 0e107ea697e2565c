// Tests an own storage by the standard of struere's storages: the suite, the scenarios, and random worlds compared
// with the memory storage. Takes scenario files as arguments; without them it runs only the worlds.
#include "snapshot_storage.hpp"
#include "struere/conformance.hpp"

int main(int argc, char** argv) { return struere::conformance::main_of(argc, argv, open_snapshot_storage); }
