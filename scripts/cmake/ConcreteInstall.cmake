# cmake --install: the program, the libraries with their headers, and the Verilog, networks and configurations.
include(CMakePackageConfigHelpers)
get_property(libraries GLOBAL PROPERTY CONCRETE_LIBRARIES)
install(TARGETS concrete RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS ${libraries} EXPORT ConcreteExports ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(folder sim gen cuda verify)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/concrete/${folder}
          FILES_MATCHING PATTERN "*.h")
endforeach()
foreach(folder rtl nets configs)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/concrete
          PATTERN "*_test.*" EXCLUDE)
endforeach()

set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Concrete)
install(EXPORT ConcreteExports NAMESPACE Concrete:: DESTINATION ${config_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/ConcreteConfig.cmake.in
  ${PROJECT_BINARY_DIR}/ConcreteConfig.cmake INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ConcreteConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ConcreteConfig.cmake ${PROJECT_BINARY_DIR}/ConcreteConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/ConcreteDependencies.cmake DESTINATION ${config_dir})
