# Toolchain: Windows (x86-64) by the MinGW cross compiler of Debian (g++-mingw-w64-x86-64-posix). The dependencies are
# static libraries below STRUERE_MINGW_PREFIX, built by scripts/mingw_dependencies; the programs need no DLL but
# the system's, and run under wine where it is installed.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
if(NOT STRUERE_MINGW_PREFIX)
  set(STRUERE_MINGW_PREFIX "$ENV{STRUERE_MINGW_PREFIX}")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES STRUERE_MINGW_PREFIX)
set(CMAKE_FIND_ROOT_PATH "${STRUERE_MINGW_PREFIX}" /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")
set(OPENSSL_USE_STATIC_LIBS ON)  # which needs libraries of the system
find_program(CMAKE_CROSSCOMPILING_EMULATOR NAMES wine64 wine NO_CMAKE_FIND_ROOT_PATH)
