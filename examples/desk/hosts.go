package main

import (
	"net"
	"os"
	"slices"
	"strings"
)

// Hosts are those by which the desk is reached. The name of another site may lead
// here, too, and then its pages would count as ours.
type hosts struct {
	local bool     // from this machine only
	names []string // besides addresses, which are nobody else's
}

// hostsOf returns them for a server that listens on an address, with names that
// only who started it knows.
func hostsOf(addr net.Addr, names []string) hosts {
	tcp, ok := addr.(*net.TCPAddr)
	h := hosts{local: !ok || tcp.IP.IsLoopback(), names: append([]string{"localhost"}, names...)}
	if h.local {
		return h
	}
	if name, err := os.Hostname(); err == nil {
		first, _, _ := strings.Cut(name, ".")
		h.names = append(h.names, name, first, first+".local")
	}
	return h
}

// Expected reports whether a host is one of them, with or without a port.
func (h hosts) Expected(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if ip := net.ParseIP(strings.Trim(host, "[]")); ip != nil {
		return ip.IsLoopback() || !h.local
	}
	return slices.ContainsFunc(h.names, func(name string) bool { return strings.EqualFold(name, host) })
}
