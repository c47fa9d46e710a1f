# Nodes 192.0.2.N of a cluster, for scripts. A node is a network and mount namespace with its own /run, /var/lib and
# /etc, and has the name nodeN. Its folder in that of the script keeps what its disk would keep. The pool has 128 blocks
# of 64 addresses of each family.
pool='["10.128.0.0/19", "fd00:244::/115"]'
make_underlay() {
  ip link set lo up
  ip link add underlay type bridge
  ip addr add 192.0.2.254/24 dev underlay
  ip link set underlay up
}

in_node() { local n=$1; shift; nsenter --target "${node_process[$n]}" --net --mount --uts --wd=/ "$@"; }
configuration() { echo "$PWD/$1/etc/cni/net.d/10-veth.conflist"; }

declare -A node_process
make_node() {
  local n=$1
  mkdir -p "$n"/{lib,etc/cni/net.d,etc/veth-cni,work}
  printf '%032d\n' "$n" >"$n/etc/machine-id"
  jq --arg name "node$n" --argjson pool "$pool" \
    '. + {node: $name, store: {type: "etcd", endpoints: ["http://192.0.2.254:2379"]}} | .pools.default.cidrs = $pool' \
    "$here/../../conf/node.json" >"$n/etc/veth-cni/node.json"
  chmod 0600 "$n/etc/veth-cni/node.json"
  unshare --net --mount --uts --propagation private sh -c "
    mount -t overlay overlay -o lowerdir=/etc,upperdir=$PWD/$n/etc,workdir=$PWD/$n/work /etc &&
    mount --bind $PWD/$n/lib /var/lib &&
    mount -t tmpfs tmpfs /run && mkdir /run/netns && touch $PWD/$n/ready && exec sleep infinity" &
  node_process[$n]=$!
  disown $!
  until [[ -e $n/ready ]]; do sleep 0.02; done
  ip link add "u$n" master underlay type veth peer name eth0 netns "${node_process[$n]}"
  ip link set "u$n" up
  in_node "$n" sh -c "ip link set lo up && ip link set eth0 up && ip addr add 192.0.2.$n/24 dev eth0 && ip route add default via 192.0.2.254"
}

start_agent() {
  in_node "$1" "$bin/veth-node" run 2>>"$1/log" &
  disown $!
}

# Until the node is ready for containers.
wait_for_configuration() {
  local try
  for ((try = 0; try < 300; ++try)); do
    [[ -s $(configuration "$1") ]] && return
    sleep 0.1
  done
  echo "node $1 has no network configuration after 30 s:" >&2
  cat "$1/log" >&2
  exit 1
}
