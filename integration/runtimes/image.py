#!/usr/bin/python3
"""image.py OUT.tar REFERENCE FILE... -- ENTRYPOINT...

Writes an OCI image of one layer with the files in /bin and the folders that a container needs. busybox gets links for
the programs that the scenarios call. Nothing is downloaded.
"""

import hashlib
import io
import json
import os
import platform
import sys
import tarfile

FOLDERS = "bin dev etc proc root run sys tmp var".split()
APPLETS = "cat dd hostname httpd ip mkdir nc ping ping6 sh sleep sysctl top true wget".split()


def add_file(tar, name, content, mode=0o644):
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    tar.addfile(info, io.BytesIO(content))


def add_folder(tar, name):
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    tar.addfile(info)


def add_link(tar, name, target):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    tar.addfile(info)


def layer_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in FOLDERS:
            add_folder(tar, folder)
        add_file(tar, "etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
        for file in files:
            with open(file, "rb") as opened:
                add_file(tar, "bin/" + os.path.basename(file), opened.read(), 0o755)
            if os.path.basename(file) == "busybox":
                for applet in APPLETS:
                    add_link(tar, "bin/" + applet, "busybox")
    return buffer.getvalue()


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def descriptor(media_type, content):
    return {"mediaType": "application/vnd.oci.image." + media_type, "digest": digest(content), "size": len(content)}


def to_json(value):
    return json.dumps(value).encode()


def write_image(path, reference, files, entrypoint):
    layer = layer_of(files)
    config = to_json({
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()],
        "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Entrypoint": entrypoint},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
    })
    manifest = to_json({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("config.v1+json", config),
        "layers": [descriptor("layer.v1.tar", layer)],
    })
    names = {"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": reference}
    index = {"schemaVersion": 2, "manifests": [descriptor("manifest.v1+json", manifest) | {"annotations": names}]}
    with tarfile.open(path, "w") as tar:
        add_file(tar, "oci-layout", to_json({"imageLayoutVersion": "1.0.0"}))
        add_file(tar, "index.json", to_json(index))
        for blob in (config, manifest, layer):
            add_file(tar, "blobs/sha256/" + digest(blob).removeprefix("sha256:"), blob)


def main(words):
    if "--" not in words or words.index("--") < 3:
        sys.exit(__doc__)
    divider = words.index("--")
    write_image(words[0], words[1], words[2:divider], words[divider + 1:])


if __name__ == "__main__":
    main(sys.argv[1:])
