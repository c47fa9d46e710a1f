# `cmake --install`, and two packages: a .deb with the plugins in /usr/lib/cni, where the runtimes of Debian look for
# them, and a .tar.gz to unpack at / with the plugins in /opt/cni/bin, where all others look. CPack writes a checksum
# for each.
include(GNUInstallDirs)
set(VETH_CNI_BIN_DIR /opt/cni/bin CACHE STRING "where the plugins are installed; a relative path is below the prefix")
set(HERE ${CMAKE_CURRENT_LIST_DIR})

# vethctl prints its own manual page and completion.
set(GENERATED ${PROJECT_BINARY_DIR}/share)
file(MAKE_DIRECTORY ${GENERATED})
add_custom_command(
  OUTPUT ${GENERATED}/vethctl.8.gz ${GENERATED}/veth-cni.5.gz ${GENERATED}/veth-cni.7.gz ${GENERATED}/changelog.gz
         ${GENERATED}/vethctl.bash ${GENERATED}/veth-node.8.gz
  COMMAND veth-node man | gzip -9 -n > ${GENERATED}/veth-node.8.gz
  COMMAND vethctl man | gzip -9 -n > ${GENERATED}/vethctl.8.gz
  COMMAND gzip -9 -n < ${PROJECT_SOURCE_DIR}/conf/veth-cni.5 > ${GENERATED}/veth-cni.5.gz
  COMMAND gzip -9 -n < ${PROJECT_SOURCE_DIR}/conf/veth-cni.7 > ${GENERATED}/veth-cni.7.gz
  COMMAND gzip -9 -n < ${HERE}/changelog > ${GENERATED}/changelog.gz
  COMMAND vethctl completion bash > ${GENERATED}/vethctl.bash
  DEPENDS ${PROJECT_SOURCE_DIR}/conf/veth-cni.5 ${PROJECT_SOURCE_DIR}/conf/veth-cni.7 ${HERE}/changelog vethctl veth-node
  COMMENT "Printing the manual pages and the completion of vethctl"
  VERBATIM)
add_custom_target(vethctl_texts ALL DEPENDS ${GENERATED}/vethctl.8.gz ${GENERATED}/vethctl.bash)

# veth runs `veth-node claim` from CNI_PATH when all blocks of a pool are full.
set(PLUGINS veth veth-ipam loopback veth-node)
install(TARGETS ${PLUGINS} DESTINATION ${VETH_CNI_BIN_DIR} COMPONENT plugins)
install(TARGETS ${PLUGINS} DESTINATION lib/cni COMPONENT debian EXCLUDE_FROM_ALL)
install(TARGETS vethctl veth-node DESTINATION ${CMAKE_INSTALL_SBINDIR} COMPONENT tool)
install(FILES ${GENERATED}/vethctl.8.gz ${GENERATED}/veth-node.8.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT tool)
install(FILES ${GENERATED}/veth-cni.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT tool)
install(FILES ${GENERATED}/veth-cni.7.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT tool)
install(FILES ${GENERATED}/vethctl.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME vethctl
  COMPONENT tool)
install(FILES conf/systemd/veth-cni-repair.service conf/systemd/veth-node.service DESTINATION lib/systemd/system COMPONENT tool)
install(FILES conf/veth-cni.schema.json conf/veth-node.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/veth-cni COMPONENT tool)
install(DIRECTORY conf/ DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/veth-cni/examples COMPONENT tool
  PATTERN package EXCLUDE PATTERN systemd EXCLUDE PATTERN veth-cni.5 EXCLUDE PATTERN veth-cni.7 EXCLUDE
  PATTERN veth-cni.schema.json EXCLUDE PATTERN veth-node.schema.json EXCLUDE)
install(FILES ${HERE}/copyright ${GENERATED}/changelog.gz DESTINATION share/doc/veth-cni COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${HERE}/lintian-overrides DESTINATION share/lintian/overrides RENAME veth-cni COMPONENT debian
  EXCLUDE_FROM_ALL)

set(VETH_MAINTAINER "veth-cni <veth-cni@users.noreply.github.com>" CACHE STRING "maintainer of the packages")
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME veth-cni)
set(CPACK_PACKAGE_VENDOR veth-cni)
set(CPACK_PACKAGE_CONTACT ${VETH_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "CNI plugin that connects containers to their host by veth pairs")
set(CPACK_PACKAGE_CHECKSUM SHA256)
set(CPACK_SYSTEM_NAME linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_PROJECT_CONFIG_FILE ${HERE}/generator.cmake)
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES OFF)  # the linker has stripped them
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE arm64)  # by default that of the compiling machine
endif()
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "Connects containers of containerd, CRI-O, Podman 4 and nerdctl to the network:
IPv4 and IPv6 addresses, masquerade, port mappings and rate limits in one
static executable. The package also contains veth-ipam, loopback, vethctl,
which shows, checks and repairs the network of containers, and veth-node,
which connects the containers of several nodes by etcd or Kubernetes.")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "containerd | podman")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${HERE}/preinst ${HERE}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
