#!/usr/bin/env bash
# node.sh SCENARIO
#
# Makes the node of one scenario; run calls it in new namespaces. It mounts overlays over the machine's folders,
# connects a second machine by an uplink, and makes a plugin folder with only veth and loopback. It also has functions
# that several scenarios use.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
readonly plugins=/usr/lib/cni  # of Debian's runtimes
readonly configs=/etc/cni/net.d
readonly reference=/run/reference  # the machine's plugins
readonly work=/run/test
readonly node4=192.0.2.1 node6=2001:db8::1 outside4=192.0.2.2 outside6=2001:db8::2
readonly cgroup=/veth-cni-runtimes  # parent of all pods
readonly rate=8000000  # bits per second

# Changes of the machine's folders go to a tmpfs, which ends with the node.
make_folders() {
  mount --make-rprivate /
  mount -t tmpfs tmpfs /run
  mkdir -p "$work" /run/netns /run/lock
  local folder
  for folder in etc opt var usr; do
    mkdir -p "/run/written/$folder" "/run/overlay/$folder"
    mount -t overlay overlay "/$folder" \
      -o "lowerdir=/$folder,upperdir=/run/written/$folder,workdir=/run/overlay/$folder"
  done
  mkdir -p "$reference" && mount --bind "$plugins" "$reference"
  mkdir -p /var/lib/containerd /var/lib/containers /var/lib/cni "$configs" "$plugins"
  for folder in /var/lib/containerd /var/lib/containers /var/lib/cni /var/tmp "$configs" "$plugins"; do
    mount -t tmpfs tmpfs "$folder"
  done
  cp "$VETH_BIN_DIR"/{veth,loopback} "$plugins"
}

make_uplink() {
  ip link set lo up
  ip netns add outside
  ip link add uplink type veth peer name eth0 netns outside
  ip link set uplink up
  ip address add "$node4/24" dev uplink
  ip address add "$node6/64" dev uplink nodad
  ip -n outside link set eth0 up
  ip -n outside address add "$outside4/24" dev eth0
  ip -n outside address add "$outside6/64" dev eth0 nodad
}

# The network of conf/40-veth-kubernetes.conflist with a small burst; containerd and CRI-O pass bursts of gigabytes.
write_network() {
  jq '.plugins[0].bandwidth = {ingressBurst: 800000, egressBurst: 800000}' \
    "$root/conf/40-veth-kubernetes.conflist" >"$configs/10-veth.conflist"
}

# expect "TEXT" COMMAND...: prints whether the command succeeds, and its output if it fails.
expect() {
  local text=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    echo "passed $scenario: $text" | tee -a "$RESULTS"
  else
    echo "failed $scenario: $text" | tee -a "$RESULTS"
    printf '    %s\n' "$*"
    head -20 "$work/output" | cut -c-300 | sed 's/^/    /'
  fi
}

# eventually SECONDS COMMAND...
eventually() {
  local tries=$(($1 * 20))
  shift
  while ! "$@" >/dev/null 2>&1; do
    ((tries-- > 0)) || { "$@"; return; }
    sleep 0.05
  done
}

from_outside() { ip netns exec outside "$@"; }
ping_once() { ping -n -q -c1 -W2 "$1"; }

# fetch ADDRESS PORT PATH: by HTTP, with bash only: Debian's static busybox cannot use the name service of the machine.
fetch() { timeout 20 bash -c "$fetch" "$@"; }
fetch_from_outside() { from_outside timeout 20 bash -c "$fetch" "$@"; }
readonly fetch='exec 3<>"/dev/tcp/$0/$1"; printf "GET /%s HTTP/1.0\r\n\r\n" "$2" >&3; sed "1,/^\r\$/d" <&3'
prints() { [[ $("${@:2}") == "$1" ]]; }

# A pod runs a web server with the pod's name and a file of 2 MiB.
readonly server='mkdir -p /tmp/www; cd /tmp/www; echo "$0" >name; dd if=/dev/zero of=bulk bs=64k count=32; exec httpd -f -p 80'

# transfer_matches_rate COMMAND...: the command transfers 2 MiB. The limits allow for a burst of 100 kB and for headers.
transfer_matches_rate() {
  local start took least most
  start=$(date +%s%N)
  "$@" >/dev/null || return
  took=$((($(date +%s%N) - start) / 1000000))
  least=$((1900 * 1024 * 8 * 1000 / rate)) most=$((2 * 2400 * 1024 * 8 * 1000 / rate))
  echo "2 MiB took $took ms, expected: $least to $most ms"
  ((took >= least && took <= most))
}

ping_program() { [[ $1 == *:* ]] && echo ping6 || echo ping; }

# The scenario has pods a and b with that server, and defines `inside POD COMMAND...`, which runs a command in a pod.
# expect_pings "ADDRESS...": the addresses of pod b.
expect_pings() {
  local address
  for address in $1; do
    expect "a ping from pod to pod, $address" inside a "$(ping_program "$address")" -c1 -W2 "$address"
    expect "a ping from host to pod, $address" ping_once "$address"
  done
  for address in $node4 $node6; do
    expect "a ping from pod to host, $address" inside b "$(ping_program "$address")" -c1 -W2 "$address"
  done
  for address in $outside4 $outside6; do
    expect "a ping from pod to the outside, $address" inside b "$(ping_program "$address")" -c1 -W2 "$address"
  done
}

# Port 8080 of the node is mapped to pod a.
expect_mapped_port() {
  local address
  for address in $node4 $node6; do
    expect "a mapped port, from outside, $address" eventually 5 prints a fetch_from_outside "$address" 8080 name
    expect "a mapped port, from the host, $address" prints a fetch "$address" 8080 name
  done
}

# expect_rates ADDRESS: an address of pod a.
expect_rates() {
  mkdir "$work/www"
  dd if=/dev/zero of="$work/www/bulk" bs=64k count=32 status=none
  busybox httpd -f -p 81 -h "$work/www" &
  expect "the rate from the pod is kept" transfer_matches_rate fetch "$1" 80 bulk
  expect "the rate to the pod is kept" transfer_matches_rate inside a wget -q -O /dev/null "http://$node4:81/bulk"
  kill $!
}

# Prints the addresses of a pod from the plugin's record, one per line.
recorded_addresses() {
  "$VETH_BIN_DIR/vethctl" list --output json |
    jq -r --arg container "$1" '.[] | select(.container == $container) | .addresses[] | split("/")[0]'
}

# make_root DIRECTORY: a root file system for pods without an image.
make_root() {
  mkdir -p "$1"/{bin,dev,etc,proc,run,sys,tmp}
  cp /bin/busybox "$1/bin"
  chroot "$1" /bin/busybox --install -s /bin
}

how_many() { [[ -n $SHORT ]] && echo "$1" || echo "$2"; }

# Prints the remaining objects of attachments: links, routes, addresses, records, elements of nftables sets.
no_objects_remain() {
  local left
  left=$(
    ip -brief link show type veth | grep -v '^uplink' || true
    ip -brief link show type ifb
    ip route show | grep -v ' dev uplink' || true
    find /run/veth-cni \( -path '*/addresses/*' -o -path '*/pending/*' -o -path '*/live/*' \)
    nft -j list ruleset | jq -c '.nftables[] | (.set // .map // empty) | select(.table == "veth_cni" and .elem) | {name, elem}'
  )
  echo "$left"
  [[ -z $left ]]
}

no_namespaces_remain() { [[ $(ls /run/netns) == outside ]]; }

expect_nothing_left() {
  expect "${1:-nothing is left}" eventually 5 no_objects_remain
  expect "no namespace is left" eventually 5 no_namespaces_remain
}

# A killed runtime may leave a namespace that it has just created.
expect_nothing_left_after_kill() {
  expect "$1" eventually 5 no_objects_remain
  local namespace
  for namespace in $(ls /run/netns | grep -vx outside); do ip netns delete "$namespace"; done
}

# hold_locks: until release_locks, each call waits for the lock of its network, in the middle of its work.
hold_locks() {
  /usr/bin/python3 - <<'P' &
import fcntl, glob, os, time
file = os.open(glob.glob("/run/veth-cni/*/locks")[0], os.O_RDWR)
fcntl.lockf(file, fcntl.LOCK_EX, 0, 1 << 62)
open("/run/test/held", "w").close()
time.sleep(60)
P
  holder=$!
  eventually 5 test -e "$work/held"
}

release_locks() {
  kill "$holder"
  rm "$work/held"
}

# The DEL of an earlier container may still run.
an_add_is_running() {
  local process
  for process in $(pgrep -x veth); do
    grep -qsz '^CNI_COMMAND=ADD$' "/proc/$process/environ" && return
  done
  return 1
}
plugin_is_not_running() { ! pgrep -x veth; }

readonly scenario=$1
make_folders
make_uplink
write_network
source "$here/scenarios/$scenario"
