# How a folder becomes a library and its tests. Sources are found by name: FOO.cpp and FOO.cu belong to the library,
# FOO_test.cpp to the folder's quick tests and FOO_slow_test.cpp to its slow ones, so that a new pair needs no edit here.

add_library(concrete_options INTERFACE)
# Reals are rounded exactly as docs/arithmetic.md says: no contraction to fused multiply-add.
target_compile_options(concrete_options INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wno-sign-conversion;-Werror>"
  # g++ 12 sees overlapping copies in "text" + std::string (GCC bug 105651).
  "$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict>"
  "$<$<COMPILE_LANGUAGE:CXX>:-ffp-contract=off>")
if(CONCRETE_WITH_CUDA)
  # No -Wpedantic: it rejects the line markers in what nvcc hands to the host compiler.
  target_compile_options(concrete_options INTERFACE
    # Lambdas are constexpr, and templates for both sides call the host's.
    "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--expt-relaxed-constexpr;-Werror=all-warnings;-Xcompiler=-Wall,-Wextra,-Wshadow,-Werror>"
    "$<$<COMPILE_LANGUAGE:CUDA>:-fmad=false;-Xcompiler=-ffp-contract=off>")
endif()
target_compile_definitions(concrete_options INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_include_directories(concrete_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
if(CONCRETE_SANITIZE)
  target_compile_definitions(concrete_options INTERFACE _GLIBCXX_ASSERTIONS)
  target_compile_options(concrete_options INTERFACE
    "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined;-fno-sanitize-recover=all;-fno-omit-frame-pointer>"
    # Under sanitizers, g++ 12 sees uninitialised members in every std::regex (GCC bug 105562).
    "$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>")
  target_link_options(concrete_options INTERFACE -fsanitize=address,undefined)
endif()

# concrete_library(NAME): the library concrete_NAME, known as Concrete::NAME, from this folder's sources. FOO_avx2.cpp,
# FOO_avx512.cpp and FOO_avx512_vnni.cpp are compiled for that instruction set, chosen at run time (sim/isa.h). FOO.cu and
# FOO_with_cuda.cpp belong to builds with CUDA only, FOO_without_cuda.cpp to the others.
function(concrete_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.cu)
  list(FILTER sources EXCLUDE REGEX "_test\\.(cpp|cu)$")
  if(CONCRETE_WITH_CUDA)
    list(FILTER sources EXCLUDE REGEX "_without_cuda\\.cpp$")
  else()
    list(FILTER sources EXCLUDE REGEX "(\\.cu|_with_cuda\\.cpp)$")
  endif()
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(avx512 "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mprefer-vector-width=512")
    foreach(source ${sources})
      if(source MATCHES "_avx2\\.cpp$")
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "-mavx2")
      elseif(source MATCHES "_avx512\\.cpp$")
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS "${avx512}")
      elseif(source MATCHES "_avx512_vnni\\.cpp$")
        set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS
          "${avx512};-mavx512vnni;-mavx512vbmi;-mavx512vbmi2")
      endif()
    endforeach()
  endif()
  add_library(concrete_${name} STATIC ${sources})
  add_library(Concrete::${name} ALIAS concrete_${name})
  set_target_properties(concrete_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(concrete_${name} PRIVATE $<BUILD_INTERFACE:concrete_options>)
  target_include_directories(concrete_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/concrete>)
  set_property(GLOBAL APPEND PROPERTY CONCRETE_LIBRARIES concrete_${name})
endfunction()

# concrete_tests(NAME LIBRARIES...): one test program for the quick tests of this folder, one for the slow ones, and
# one translation unit a header, which shows that every header compiles alone.
function(concrete_tests name)
  if(NOT CONCRETE_TESTS)
    return()
  endif()
  file(GLOB all CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  foreach(kind quick slow)
    set(sources ${all})
    if(kind STREQUAL slow)
      list(FILTER sources INCLUDE REGEX "_slow_test\\.cpp$")
      set(target ${name}_slow_tests)
    else()
      list(FILTER sources EXCLUDE REGEX "_slow_test\\.cpp$")
      set(target ${name}_tests)
    endif()
    if(NOT sources)
      continue()
    endif()
    add_executable(${target} ${sources})
    target_link_libraries(${target} PRIVATE concrete_options ${ARGN} GTest::gmock GTest::gtest_main)
    target_compile_definitions(${target} PRIVATE CONCRETE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    # NO_PRETTY_VALUES: names of parametrised tests would end in a dump of the parameter's bytes.
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." NO_PRETTY_VALUES
                         PROPERTIES LABELS ${kind} TIMEOUT 1200)
  endforeach()

  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  set(units)
  foreach(header ${headers})
    get_filename_component(stem ${header} NAME_WE)
    set(unit ${CMAKE_CURRENT_BINARY_DIR}/self_contained/${stem}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"\n#include \"${header}\"\n" @ONLY)
    list(APPEND units ${unit})
  endforeach()
  if(units)
    add_library(${name}_self_contained OBJECT ${units})
    target_link_libraries(${name}_self_contained PRIVATE concrete_options ${ARGN})
  endif()
endfunction()
