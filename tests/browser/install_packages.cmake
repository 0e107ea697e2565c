# Makes a copy of the browser tests in the build folder, so that the source folder is only read, and installs their
# packages: cmake -DSOURCE=tests/browser -DBUILD=… -DNPM=… -P install_packages.cmake
cmake_minimum_required(VERSION 3.22)
include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/StruereNpm.cmake")
file(GLOB tests "${SOURCE}/*.mjs")
file(COPY ${tests} "${SOURCE}/support" "${SOURCE}/package.json" "${SOURCE}/package-lock.json" DESTINATION "${BUILD}")
struere_npm_install("${NPM}" "${BUILD}" "The packages of the browser tests could not be installed")
