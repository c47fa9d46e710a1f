# Pods that run while the plugins of their node are replaced, and are pinged all the time. The scenario sets
# old_addresses: those of the pods that run from the beginning.
vethctl() { "$VETH_BIN_DIR/vethctl" "$@"; }

# make_pods FIRST LAST: prints the IDs.
make_pods() {
  local number
  local making=()
  for number in $(seq "$1" "$2"); do
    cri pod "pod$number" &
    making+=($!)
  done
  wait "${making[@]}"
}

are_distinct() { [[ -z $(sort <<<"$1" | uniq -d) ]]; }

# From the host to each address, and from the last pod to the outside, ten per second.
start_pings() {
  local address
  mkdir "$work/pings"
  pings=()
  for address in $old_addresses; do
    setsid ping -i 0.1 -q "$address" >"$work/pings/$address" &
    pings+=($!)
  done
  for address in $outside4 $outside6; do
    setsid nsenter --net="$(namespace_of "$address")" ping -i 0.1 -q "$address" >"$work/pings/$address" &
    pings+=($!)
  done
}

# Prints the namespace of the pod with the last address.
namespace_of() {
  local path
  for path in /run/netns/cni-*; do
    nsenter --net="$path" ip -brief address | grep -qF "${old_addresses##*$'\n'}/" && echo "$path"
  done
}

end_pings() {
  kill -INT "${pings[@]}"
  wait "${pings[@]}" || true
}

# less_than_one_percent_lost FILE
less_than_one_percent_lost() {
  cat "$1"
  awk '/packets transmitted/ { sent = $1; received = $4 } END { exit !(sent > 100 && received * 100 > sent * 99) }' "$1"
}

expect_few_lost_pings() {
  local address
  for address in $old_addresses $outside4 $outside6; do
    expect "less than one percent of the pings was lost, $address" less_than_one_percent_lost "$work/pings/$address"
  done
}
