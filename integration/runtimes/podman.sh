# Podman with the example of conf/podman, for scenarios.
export CONTAINERS_CONF=$work/containers.conf
cat "$root/conf/podman/containers.conf" - >"$CONTAINERS_CONF" <<T
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
T

# Limits that are no higher than what there is, for machines whose root may not raise them.
run_pod() {
  exec podman run --cgroup-parent "$cgroup" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 --log-driver none "$@"
}
in_a_process() { ("$@"); }
