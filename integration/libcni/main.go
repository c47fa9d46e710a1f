// Calls plugins through libcni, as a runtime does.
//
//	libcni-driver add|check|del|validate CONFDIR NETWORK NETNS CONTAINERID IFNAME
//
// CNI_PATH, CACHE_DIR, CNI_ARGS ("KEY=value;KEY=value") and CAP_ARGS (JSON) come from the environment. The result of add
// goes to standard output; an error goes to standard error with exit status 1.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/containernetworking/cni/libcni"
)

const usage = "usage: libcni-driver add|check|del|validate CONFDIR NETWORK NETNS CONTAINERID IFNAME"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 6 {
		return errors.New(usage)
	}
	verb, folder, network := args[0], args[1], args[2]
	list, err := libcni.LoadConfList(folder, network)
	if err != nil {
		return err
	}
	container, err := containerFrom(args[3], args[4], args[5])
	if err != nil {
		return err
	}
	cni := libcni.NewCNIConfigWithCacheDir(filepath.SplitList(os.Getenv("CNI_PATH")), os.Getenv("CACHE_DIR"), nil)
	return call(cni, verb, list, container)
}

func containerFrom(netns, id, interfaceName string) (*libcni.RuntimeConf, error) {
	container := &libcni.RuntimeConf{NetNS: netns, ContainerID: id, IfName: interfaceName}
	if text := os.Getenv("CAP_ARGS"); text != "" {
		if err := json.Unmarshal([]byte(text), &container.CapabilityArgs); err != nil {
			return nil, fmt.Errorf("CAP_ARGS: %w", err)
		}
	}
	for _, pair := range strings.FieldsFunc(os.Getenv("CNI_ARGS"), func(r rune) bool { return r == ';' }) {
		key, value, found := strings.Cut(pair, "=")
		if !found {
			return nil, fmt.Errorf("CNI_ARGS: no '=' in %q", pair)
		}
		container.Args = append(container.Args, [2]string{key, value})
	}
	return container, nil
}

func call(cni *libcni.CNIConfig, verb string, list *libcni.NetworkConfigList, container *libcni.RuntimeConf) error {
	background := context.Background()
	switch verb {
	case "add":
		result, err := cni.AddNetworkList(background, list, container)
		if err != nil {
			return err
		}
		return result.Print()
	case "check":
		return cni.CheckNetworkList(background, list, container)
	case "del":
		return cni.DelNetworkList(background, list, container)
	case "validate":
		capabilities, err := cni.ValidateNetworkList(background, list)
		if err == nil {
			fmt.Println(strings.Join(capabilities, " "))
		}
		return err
	}
	return errors.New(usage)
}
