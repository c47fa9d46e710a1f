"""fill_etcd.py URL COUNT: puts COUNT nodes with a block each into etcd, as veth-node writes them."""
import base64
import json
import sys
import urllib.request


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def put(key, value):
    return {"request_put": {"key": encoded("/veth-cni/v1/" + key), "value": encoded(json.dumps(value))}}


def entries(count):
    for number in range(count):
        name = f"other{number}"
        address = f"198.18.{number // 250}.{number % 250 + 1}"
        yield put(f"nodes/{name}", {"addresses": [address], "machine": f"{number:032x}"})
        yield put(f"blocks/default/{number + 256:06x}", {"node": name, "machine": f"{number:032x}"})


def send(url, puts):
    request = urllib.request.Request(url + "/v3/kv/txn", json.dumps({"success": puts}).encode())
    urllib.request.urlopen(request).read()


def main():
    url, count = sys.argv[1], int(sys.argv[2])
    puts = []
    for entry in entries(count):
        puts.append(entry)
        if len(puts) == 100:
            send(url, puts)
            puts = []
    if puts:
        send(url, puts)


main()
