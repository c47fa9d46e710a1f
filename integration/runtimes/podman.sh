# Sets up Podman with the example in conf/podman.
export CONTAINERS_CONF=$work/containers.conf
cat "$root/conf/podman/containers.conf" - >"$CONTAINERS_CONF" <<T
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
T

# Low limits, because root may not be allowed to raise limits.
run_pod() {
  exec podman run --cgroup-parent "$cgroup" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --log-driver none "$@"
}
in_subshell() { ("$@"); }
