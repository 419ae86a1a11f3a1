# Debian packages, by tools/debs: the library, the one with the saved state, which alone pulls protobuf in, what is needed to build with
# them, and the program.
set(debian ${PROJECT_BINARY_DIR}/debian)
file(STRINGS ${PROJECT_SOURCE_DIR}/LICENSE lines)
set(license)
foreach(line IN LISTS lines)
  if(line MATCHES "^(MIT License|Copyright)" OR (line STREQUAL "" AND NOT license))
    continue()
  elseif(line STREQUAL "")
    string(APPEND license " .\n")
  else()
    string(APPEND license " ${line}\n")
  endif()
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/cmake/debian/copyright.in ${debian}/copyright @ONLY)
configure_file(${PROJECT_SOURCE_DIR}/cmake/debian/changelog.in ${debian}/changelog @ONLY)
find_program(GZIP gzip REQUIRED)
execute_process(COMMAND ${GZIP} -9nkf ${debian}/changelog)

# The first line of a component's description is the package's synopsis.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(about "Lowmeg gives a hypervisor the first megabyte of a PC: the host bridge of the
440BX and 440FX and its PAM registers, carried through to guest memory.\n\n")

# lowmeg_package(COMPONENT PACKAGE SECTION SYNOPSIS WHAT_IT_HOLDS)
function(lowmeg_package component package section synopsis what)
  string(TOUPPER ${component} COMPONENT)
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_NAME ${package} PARENT_SCOPE)
  set(CPACK_DEBIAN_${COMPONENT}_PACKAGE_SECTION ${section} PARENT_SCOPE)
  set(CPACK_COMPONENT_${COMPONENT}_DESCRIPTION "${synopsis}\n${about}${what}" PARENT_SCOPE)
  install(FILES ${debian}/copyright ${debian}/changelog.gz
    DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package} COMPONENT ${component})
  set(overrides ${PROJECT_SOURCE_DIR}/cmake/debian/${package}.lintian-overrides)
  if(EXISTS ${overrides})  # liblowmeg-dev needs none
    install(FILES ${overrides} RENAME ${package}
      DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides COMPONENT ${component})
  endif()
endfunction()

lowmeg_package(runtime liblowmeg1 libs "PAM registers of the 440BX for hypervisors"
  "This is the library, with an interface for C and one for C++.")
lowmeg_package(state liblowmeg-state1 libs "saved state of the 440BX's PAM registers"
  "This library saves and restores the bridge, in OpenHCL's own bytes.")
lowmeg_package(development liblowmeg-dev libdevel "PAM registers of the 440BX for hypervisors (development)"
  "This is what a program is built with, in C or C++.")
lowmeg_package(program lowmeg otherosfs "first megabyte of a PC, booted, watched and judged"
  "This is the command: it boots firmware on a small reference machine, decodes
dumps of host bridges, and has a ROM that judges other machines.")

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL runtime state development program)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian/strip.cmake)
set(CPACK_PACKAGE_CONTACT "The Lowmeg authors <lowmeg@example.org>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_STATE_PACKAGE_DEPENDS "liblowmeg1 (= ${PROJECT_VERSION})")
# The C++ headers include tl/expected.hpp; only static linking needs the others.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "liblowmeg1 (= ${PROJECT_VERSION}), liblowmeg-state1 (= ${PROJECT_VERSION}), libexpected-dev")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "libfmt-dev, libprotobuf-dev")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "seabios")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "bochsbios, vgabios, gdb")
file(WRITE ${debian}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${debian}/triggers)
set(CPACK_DEBIAN_STATE_PACKAGE_CONTROL_EXTRA ${debian}/triggers)
include(CPack)
