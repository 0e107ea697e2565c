# cmake -DSOURCE=web -DBUILD=build/web -DNPM=… -P StruereDashboard.cmake
# Bundles the dashboard into BUILD/dist. The source folder is only read. The packages are those of package-lock.json;
# they are installed again only when that file has changed.
cmake_minimum_required(VERSION 3.22)
set(advice "Or build without it: -DSTRUERE_BUILD_DASHBOARD=OFF; `/` then says so, and the API is the same.")
file(MAKE_DIRECTORY "${BUILD}")
file(REMOVE_RECURSE "${BUILD}/src")
file(COPY "${SOURCE}/src" "${SOURCE}/build.mjs" "${SOURCE}/package.json" "${SOURCE}/package-lock.json" DESTINATION "${BUILD}")
file(SHA256 "${BUILD}/package-lock.json" lock)
set(installed "")
if(EXISTS "${BUILD}/installed")
  file(READ "${BUILD}/installed" installed)
endif()
if(NOT installed STREQUAL lock)
  execute_process(COMMAND "${NPM}" ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY "${BUILD}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result)
    message(FATAL_ERROR "The packages of the dashboard could not be installed (`npm ci` in ${BUILD}). It needs a registry "
      "of npm, once.\n${advice}\n${output}")
  endif()
  file(WRITE "${BUILD}/installed" "${lock}")
endif()
execute_process(COMMAND "${NPM}" run --silent build WORKING_DIRECTORY "${BUILD}"
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result)
  message(FATAL_ERROR "The dashboard could not be bundled (`npm run build` in ${BUILD}, Node 18 or newer).\n${advice}\n${output}")
endif()
