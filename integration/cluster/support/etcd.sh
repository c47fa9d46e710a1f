# A real etcd at 192.0.2.254, for scripts. The executable: ETCD, or etcd in PATH, or the one of integration/peers/build.
etcd_executable=${ETCD:-$(command -v etcd || ls ~/.cache/veth-cni/peers/*/etcd 2>/dev/null | head -n 1)}
[[ $etcd_executable ]] || { echo "etcd is not installed: apt-get install etcd-server" >&2; exit 1; }

# start_etcd [OPTION...]: with certificates it uses TLS.
start_etcd() {
  local url=http${1:+s}://192.0.2.254:2379 peer=http://127.0.0.1:2380
  "$etcd_executable" --name m --data-dir "$PWD/etcd" --unsafe-no-fsync --log-level error \
    --listen-client-urls "$url" --advertise-client-urls "$url" --listen-peer-urls "$peer" \
    --initial-advertise-peer-urls "$peer" --initial-cluster "m=$peer" "$@" >>etcd.log 2>&1 &
  etcd=$!
  disown "$etcd"
  local try
  for ((try = 0; try < 200; ++try)); do
    (: </dev/tcp/192.0.2.254/2379) 2>/dev/null && return
    sleep 0.1
  done
  echo "etcd does not answer:" >&2
  cat etcd.log >&2
  exit 1
}

kill_etcd() { kill -KILL "$etcd"; while kill -0 "$etcd" 2>/dev/null; do sleep 0.05; done; }

# Its data are consistent on disk only while it does not run.
back_up_etcd() {
  kill_etcd
  rm -rf etcd.backup
  cp --archive etcd etcd.backup
  start_etcd
}

restore_etcd() {
  rm -rf etcd
  cp --archive etcd.backup etcd
}

cut_off() { nft 'add table inet cut; add chain inet cut input { type filter hook input priority 0; }; add rule inet cut input tcp dport 2379 drop'; }
reconnect() { nft delete table inet cut; }
