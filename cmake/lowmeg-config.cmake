# find_package(lowmeg COMPONENTS bridge get ...): a target lowmeg::COMPONENT for each.
#
# c and state-c are the C interface, the others the rooms of the C++ one. All but the two state components
# are in liblowmeg. Set lowmeg_USE_STATIC_LIBS for the static libraries, which need fmt (and protobuf for
# the state) to link with.
include(CMakeFindDependencyMacro)

set(_lowmeg_components core memory bridge decode get hyperv kvm c)
set(_lowmeg_state_components state state-c)
if(NOT lowmeg_FIND_COMPONENTS)
  set(lowmeg_FIND_COMPONENTS ${_lowmeg_components})
endif()

set(_lowmeg_kind shared)
if(lowmeg_USE_STATIC_LIBS)
  set(_lowmeg_kind static)
  find_dependency(fmt)
  find_dependency(Threads)
  find_dependency(Protobuf)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/lowmeg-targets.cmake)

foreach(_component ${lowmeg_FIND_COMPONENTS})
  if(_component IN_LIST _lowmeg_components)
    set(_library lowmeg::lowmeg_${_lowmeg_kind})
  elseif(_component IN_LIST _lowmeg_state_components)
    set(_library lowmeg::lowmeg_state_${_lowmeg_kind} lowmeg::lowmeg_${_lowmeg_kind})
  else()
    set(lowmeg_FOUND FALSE)
    set(lowmeg_NOT_FOUND_MESSAGE "lowmeg has no component '${_component}'")
    continue()
  endif()
  set(lowmeg_${_component}_FOUND TRUE)
  if(NOT TARGET lowmeg::${_component})
    add_library(lowmeg::${_component} INTERFACE IMPORTED)
    target_link_libraries(lowmeg::${_component} INTERFACE ${_library})
    if(NOT _component MATCHES "^(state-)?c$")
      find_dependency(tl-expected)
      target_link_libraries(lowmeg::${_component} INTERFACE tl::expected)
      target_compile_features(lowmeg::${_component} INTERFACE cxx_std_20)
    endif()
  endif()
endforeach()
