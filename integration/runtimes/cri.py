#!/usr/bin/python3
"""A client of the CRI (runtime.v1), which makes the calls of a kubelet. Needs only Python's grpc.

  cri.py SOCKET version | status | pods
  cri.py SOCKET pod NAME [--uid UID] [--port HOST:CONTAINER] [--bandwidth RATE] [--timeout S]
                                                                      creates a pod, prints its ID
  cri.py SOCKET addresses POD...                                      one per line
  cri.py SOCKET container POD NAME IMAGE -- COMMAND...                creates and starts one, prints its ID
  cri.py SOCKET exec CONTAINER -- COMMAND...                          prints its output, exits with its status
  cri.py SOCKET remove POD... | remove-all                            removes pods with their containers
  cri.py SOCKET storm COUNT CONCURRENCY                               creates and removes pods, compares addresses
"""

import argparse
import concurrent.futures
import sys
import time

import grpc

# Messages as dictionaries from field numbers to values: an int, text, bytes, a message, or a list of one of these. The
# numbers are those of api.proto in k8s.io/cri-api.


def varint(number):
    encoded = bytearray()
    while number > 127:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def encode(message):
    encoded = b""
    for field, value in message.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int):
                encoded += varint(field << 3) + varint(one)
                continue
            content = one.encode() if isinstance(one, str) else encode(one) if isinstance(one, dict) else one
            encoded += varint(field << 3 | 2) + varint(len(content)) + content
    return encoded


def read_varint(encoded, at):
    number = shift = 0
    while True:
        byte = encoded[at]
        at += 1
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return number, at


def decode(encoded):
    """Returns lists of values by field number; length-delimited values are bytes."""
    message, at = {}, 0
    while at < len(encoded):
        key, at = read_varint(encoded, at)
        value, at = read_varint(encoded, at)
        if key & 7 == 2:
            value, at = encoded[at:at + value], at + value
        elif key & 7 != 0:
            raise ValueError(f"wire type {key & 7} is not used by the CRI")
        message.setdefault(key >> 3, []).append(value)
    return message


def text(message, field):
    return message.get(field, [b""])[0].decode()


class Runtime:
    def __init__(self, socket, timeout):
        options = [("grpc.default_authority", "localhost"), ("grpc.max_receive_message_length", 1 << 26)]
        self.channel = grpc.insecure_channel("unix:" + socket, options=options)
        self.timeout = timeout

    def call(self, method, message):
        path = "/runtime.v1.RuntimeService/" + method
        function = self.channel.unary_unary(path, request_serializer=encode, response_deserializer=decode)
        return function(message, timeout=self.timeout)

    def pod_config(self, name, port=None, bandwidth=None, uid=None):
        directions = ("kubernetes.io/ingress-bandwidth", "kubernetes.io/egress-bandwidth")
        annotations = [{1: direction, 2: bandwidth} for direction in directions] if bandwidth else []
        ports = [{1: 0, 2: int(port.split(":")[1]), 3: int(port.split(":")[0])}] if port else []
        own_pid_namespace = {2: 1}
        return {
            1: {1: name, 2: uid or "uid-" + name, 3: "default"},
            2: name,
            3: "/run/pod-logs/" + name,
            5: ports,
            7: annotations,
            8: {1: "/veth-cni-runtimes", 2: {1: own_pid_namespace}},
        }

    def pod(self, *config, **options):
        return text(self.call("RunPodSandbox", {1: self.pod_config(*config, **options)}), 1)

    def pods(self):
        return [decode(pod) for pod in self.call("ListPodSandbox", {}).get(1, [])]

    def name_of(self, pod):
        return next(text(decode(one[2][0]), 1) for one in self.pods() if text(one, 1) == pod)

    def addresses(self, pod):
        network = decode(decode(self.call("PodSandboxStatus", {1: pod})[1][0]).get(5, [b""])[0])
        return [text(network, 1)] + [text(decode(more), 1) for more in network.get(2, [])]

    def container(self, pod, name, image, command):
        security = {2: {3: {2: 1}}}
        config = {1: {1: name}, 2: {1: image}, 3: command, 11: name + ".log", 15: security}
        config_of_pod = self.pod_config(self.name_of(pod))
        created = text(self.call("CreateContainer", {1: pod, 2: config, 3: config_of_pod}), 1)
        self.call("StartContainer", {1: created})
        return created

    def execute(self, container, command):
        answer = self.call("ExecSync", {1: container, 2: command, 3: int(self.timeout)})
        return answer.get(1, [b""])[0], answer.get(2, [b""])[0], answer.get(3, [0])[0]

    def remove(self, pod):
        self.call("StopPodSandbox", {1: pod})
        self.call("RemovePodSandbox", {1: pod})


def storm(runtime, count, concurrency):
    """Returns whether every pod started with unique addresses and was removed."""
    failures = []

    def attempt(act):
        def guarded(what):
            try:
                return act(what)
            except grpc.RpcError as error:
                failures.append(error.details())
                return None
        return guarded

    with concurrent.futures.ThreadPoolExecutor(concurrency) as executor:
        start = time.monotonic()
        pods = list(executor.map(attempt(runtime.pod), [f"storm{number}" for number in range(count)]))
        up = time.monotonic()
        pods = [pod for pod in pods if pod]
        addresses = [address for pod in pods for address in runtime.addresses(pod)]
        removal = time.monotonic()
        list(executor.map(attempt(runtime.remove), pods))
        down = time.monotonic()
    unique = len(set(addresses))
    print(f"{len(pods)} of {count} pods up in {up - start:.1f} s, down in {down - removal:.1f} s, "
          f"{unique} addresses, {len(addresses) - unique} of them twice, {len(failures)} failures")
    for failure in failures[:3]:
        print("  " + failure[:500])
    return len(pods) == count and unique == len(addresses) >= count and not failures


def print_status(runtime):
    for condition in decode(runtime.call("Status", {})[1][0])[1]:
        fields = decode(condition)
        print(text(fields, 1), "yes" if fields.get(2, [0])[0] else "no", text(fields, 3), text(fields, 4))


def parse(words):
    command = []
    if "--" in words:
        divider = words.index("--")
        words, command = words[:divider], words[divider + 1:]
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("socket")
    parser.add_argument("verb")
    parser.add_argument("operands", nargs="*")
    parser.add_argument("--uid")
    parser.add_argument("--port")
    parser.add_argument("--bandwidth")
    parser.add_argument("--timeout", type=float, default=60)
    return parser.parse_args(words), command


def run(arguments, command):
    runtime = Runtime(arguments.socket, arguments.timeout)
    operands = arguments.operands
    match arguments.verb:
        case "version":
            print(*(text(runtime.call("Version", {}), field) for field in (2, 3, 4)))
        case "status":
            print_status(runtime)
        case "pods":
            for pod in runtime.pods():
                print(text(pod, 1), text(decode(pod[2][0]), 1), "not ready" if pod.get(3, [0])[0] else "ready")
        case "pod":
            print(runtime.pod(*operands, port=arguments.port, bandwidth=arguments.bandwidth, uid=arguments.uid))
        case "addresses":
            for pod in operands:
                print(*runtime.addresses(pod), sep="\n")
        case "container":
            print(runtime.container(*operands, command))
        case "exec":
            output, errors, status = runtime.execute(*operands, command)
            sys.stdout.buffer.write(output)
            sys.stderr.buffer.write(errors)
            return status
        case "remove":
            for pod in operands:
                runtime.remove(pod)
        case "remove-all":
            for pod in runtime.pods():
                runtime.remove(text(pod, 1))
        case "storm":
            return 0 if storm(runtime, *map(int, operands)) else 1
        case _:
            sys.exit(__doc__)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(run(*parse(sys.argv[1:])))
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
