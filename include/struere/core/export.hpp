// What the shared library exports. Everything else in it is hidden.
#pragma once

#if defined(__GNUC__)
#define STRUERE_API [[gnu::visibility("default")]]
#else
#define STRUERE_API  // CMake exports all symbols (WINDOWS_EXPORT_ALL_SYMBOLS)
#endif
