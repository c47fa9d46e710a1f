#!/usr/bin/env bash
# node.sh SCENARIO
#
# A node for one scenario, called by run in namespaces of its own: folders of the machine beneath what is written to
# them, an uplink with another machine at its end, and a folder of plugins that holds veth and loopback alone. What
# several scenarios ask and expect is here, too.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
readonly plugins=/usr/lib/cni  # where Debian's runtimes look
readonly configs=/etc/cni/net.d
readonly reference=/run/reference  # what stands there on the machine
readonly work=/run/test
readonly node4=192.0.2.1 node6=2001:db8::1 outside4=192.0.2.2 outside6=2001:db8::2
readonly cgroup=/veth-cni-runtimes  # of all pods
readonly rate=8000000  # bits per second

# What is written to the machine's folders goes to memory, and ends with the node.
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

# The network of the scenarios: that of conf/40-veth-kubernetes.conflist, with a bound for bursts, which containerd and
# CRI-O set to gigabytes.
write_network() {
  jq '.plugins[0].bandwidth = {ingressBurst: 800000, egressBurst: 800000}' \
    "$root/conf/40-veth-kubernetes.conflist" >"$configs/10-veth.conflist"
}

tell() { echo "$1 $scenario: $2" >>"$RESULTS"; }

# expect "TEXT" COMMAND...: one line of the report, and what the command said where it failed.
expect() {
  local text=$1
  shift
  if "$@" >"$work/said" 2>&1; then
    echo "passed $scenario: $text" | tee -a "$RESULTS"
  else
    echo "failed $scenario: $text" | tee -a "$RESULTS"
    printf '    %s\n' "$*"
    head -20 "$work/said" | cut -c-300 | sed 's/^/    /'
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

# fetch ADDRESS PORT PATH: by HTTP, with what bash has of its own, since Debian's static busybox does not get through
# the C library's name service on a machine.
fetch() { timeout 20 bash -c "$fetch" "$@"; }
fetch_from_outside() { from_outside timeout 20 bash -c "$fetch" "$@"; }
readonly fetch='exec 3<>"/dev/tcp/$0/$1"; printf "GET /%s HTTP/1.0\r\n\r\n" "$2" >&3; sed "1,/^\r\$/d" <&3'
says() { [[ $("${@:2}") == "$1" ]]; }

# What a pod runs: a web server with its name and 2 MiB.
readonly server='mkdir -p /tmp/www; cd /tmp/www; echo "$0" >name; dd if=/dev/zero of=bulk bs=64k count=32; exec httpd -f -p 80'

# keeps_to_rate COMMAND...: that moves 2 MiB. A burst of 100 kB and the headers of frames count against it.
keeps_to_rate() {
  local began took least most
  began=$(date +%s%N)
  "$@" >/dev/null || return
  took=$((($(date +%s%N) - began) / 1000000))
  least=$((1900 * 1024 * 8 * 1000 / rate)) most=$((2 * 2400 * 1024 * 8 * 1000 / rate))
  echo "2 MiB took $took ms, due are $least to $most"
  ((took >= least && took <= most))
}

ping_program() { [[ $1 == *:* ]] && echo ping6 || echo ping; }

# The scenario has pods a and b with that server, and says by `inside POD COMMAND...` how a command is run in one.
# expect_pings "ADDRESS..." of pod b.
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

# Port 8080 of the node leads to pod a.
expect_mapped_port() {
  local address
  for address in $node4 $node6; do
    expect "a mapped port, from outside, $address" eventually 5 says a fetch_from_outside "$address" 8080 name
    expect "a mapped port, from the host, $address" says a fetch "$address" 8080 name
  done
}

# expect_rates ADDRESS of pod a.
expect_rates() {
  mkdir "$work/www"
  dd if=/dev/zero of="$work/www/bulk" bs=64k count=32 status=none
  busybox httpd -f -p 81 -h "$work/www" &
  expect "the rate from the pod is kept" keeps_to_rate fetch "$1" 80 bulk
  expect "the rate to the pod is kept" keeps_to_rate inside a wget -q -O /dev/null "http://$node4:81/bulk"
  kill $!
}

# The addresses of a pod, one a line, by what the plugin has on record.
addresses_on_record() {
  "$VETH_BIN_DIR/vethctl" list --output json |
    jq -r --arg container "$1" '.[] | select(.container == $container) | .addresses[] | split("/")[0]'
}

# A file system for what has no image.
make_root() {
  mkdir -p "$1"/{bin,dev,etc,proc,run,sys,tmp}
  cp /bin/busybox "$1/bin"
  chroot "$1" /bin/busybox --install -s /bin
}

how_many() { [[ -n $SHORT ]] && echo "$1" || echo "$2"; }

# Nothing of the plugin's: links, addresses, records, elements of rules.
is_all_gone() {
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

is_no_namespace_left() { [[ $(ls /run/netns) == outside ]]; }

expect_nothing_left() {
  expect "${1:-nothing is left}" eventually 5 is_all_gone
  expect "no namespace is left" eventually 5 is_no_namespace_left
}

# Of a runtime that was killed: it may have forgotten a namespace that it had just made.
expect_nothing_of_ours_left() {
  expect "$1" eventually 5 is_all_gone
  local namespace
  for namespace in $(ls /run/netns | grep -vx outside); do ip netns delete "$namespace"; done
}

# hold_locks: until let_go, every call that wants the lock of a network waits, in the middle of its work.
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

let_go() {
  kill "$holder"
  rm "$work/held"
}

a_call_runs() { pgrep -x veth; }
no_call_runs() { ! pgrep -x veth; }

readonly scenario=$1
make_folders
make_uplink
write_network
source "$here/scenarios/$scenario"
