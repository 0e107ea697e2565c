# Runs the browser tests on a copy in the build folder, so that the source folder is only read.
cmake_minimum_required(VERSION 3.22)
file(GLOB tests "${SOURCE}/*.mjs")
file(COPY ${tests} "${SOURCE}/support" "${SOURCE}/package.json" "${SOURCE}/package-lock.json" DESTINATION "${BUILD}")
file(SHA256 "${BUILD}/package-lock.json" lock)
set(installed "")
if(EXISTS "${BUILD}/installed")
  file(READ "${BUILD}/installed" installed)
endif()
if(NOT installed STREQUAL lock)
  execute_process(COMMAND "${NPM}" ci --ignore-scripts --no-audit --no-fund WORKING_DIRECTORY "${BUILD}" RESULT_VARIABLE result)
  if(result)
    message(FATAL_ERROR "The packages of the browser tests could not be installed (`npm ci` in ${BUILD})")
  endif()
  file(WRITE "${BUILD}/installed" "${lock}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" -E env "STRUERE_PROGRAM=${PROGRAM}" "STRUERE_CHROMIUM=${CHROMIUM}"
  "STRUERE_SCREENSHOTS=${BUILD}/screenshots" "${NODE}" --test --test-concurrency=2 frame.test.mjs data.test.mjs view_as.test.mjs
  access.test.mjs releases.test.mjs packs.test.mjs look.test.mjs paint.test.mjs
  WORKING_DIRECTORY "${BUILD}" RESULT_VARIABLE result)
if(result)
  message(FATAL_ERROR "The browser tests failed; the pictures of the pages are in ${BUILD}/screenshots")
endif()
