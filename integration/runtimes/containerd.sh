# Starts containerd on the node of a scenario, with Debian's configuration.
: "${containerd:=/usr/bin/containerd}"  # a scenario may set another one; its shim is in the same folder
readonly socket=/run/containerd/containerd.sock

# -E ignores PYTHONUNBUFFERED, with which the lines of simultaneous calls would mix.
cri() { /usr/bin/python3 -E "$here/cri.py" "$socket" "$@"; }
is_ready() { cri status | grep -qx 'NetworkReady yes *'; }

# Without CAP_SYS_RESOURCE containerd cannot lower oom_score_adj.
restrict_oom_score_adj() {
  ((($((16#$(sed -n 's/^CapEff:\t//p' /proc/self/status))) >> 24 & 1) == 0)) || return 0
  sed -i 's/^ *\[plugins."io.containerd.grpc.v1.cri"\]$/&\n    restrict_oom_score_adj = true/' /etc/containerd/config.toml
}

start_containerd() {
  [[ -e $work/images ]] || restrict_oom_score_adj
  PATH=$(dirname "$containerd"):$PATH setsid "$containerd" >>"$work/containerd.log" 2>&1 </dev/null &
  containerd_id=$!
  eventually 20 cri status
  [[ -e $work/images ]] || import_images
}

# The name of the pause image is built into containerd.
import_images() {
  local pause
  pause=$("$containerd" config dump | sed -nE "s/^ *sandbox(_image)? = ['\"](.*)['\"]$/\2/p" | head -1)
  "$here/image.py" "$work/pause.tar" "$pause" "$root/build/release/integration/runtimes/pause" -- /bin/pause
  "$here/image.py" "$work/busybox.tar" localhost/busybox:1 /bin/busybox -- /bin/sh
  local image
  for image in pause busybox; do ctr --address "$socket" --namespace k8s.io images import "$work/$image.tar" >/dev/null; done
  touch "$work/images"
}

kill_containerd() {
  kill -9 "$containerd_id"
  wait "$containerd_id" 2>/dev/null || true
}
