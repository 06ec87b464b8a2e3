package web

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sanad-credentials/sanad/did"
)

const prefix = "did:web:"

// URL returns the https URL of a did:web's document (did:web Method
// Specification, section 2.5.2): colons after the host are slashes, a port is
// written %3A and its number, and a host without a path has its document at
// /.well-known/did.json. The error wraps [did.ErrInvalid]; IP addresses, empty
// segments, and segments that leave their place in the path are refused.
func URL(id string) (string, error) {
	specific, ok := strings.CutPrefix(id, prefix)
	if !ok || did.Method(id) != "web" {
		return "", fmt.Errorf("did:web: another method, or no DID: %w", did.ErrInvalid)
	}
	authority, path, hasPath := strings.Cut(specific, ":")
	host, err := authorityOf(authority)
	if err != nil {
		return "", err
	}
	if !hasPath {
		return "https://" + host + "/.well-known/did.json", nil
	}
	for i, segment := range strings.Split(path, ":") {
		if !validSegment(segment) {
			return "", fmt.Errorf("did:web: path segment %d: %w", i+1, did.ErrInvalid)
		}
	}
	return "https://" + host + "/" + strings.ReplaceAll(path, ":", "/") + "/did.json", nil
}

// authorityOf reads a host name with an optional port.
func authorityOf(s string) (string, error) {
	host, port, hasPort := strings.Cut(strings.Replace(s, "%3a", "%3A", 1), "%3A")
	if !validHost(host) {
		return "", fmt.Errorf("did:web: not a host name: %w", did.ErrInvalid)
	}
	if !hasPort {
		return host, nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
		return "", fmt.Errorf("did:web: port: %w", did.ErrInvalid)
	}
	return host + ":" + port, nil
}

// validHost reports whether s is a host name (RFC 1123, section 2.1) and no
// address in any of the ways that systems read one: the last label of a name
// begins with a letter.
func validHost(s string) bool {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range []byte(l) {
			if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-') {
				return false
			}
		}
	}
	first := labels[len(labels)-1][0] | 0x20
	return len(s) <= 253 && 'a' <= first && first <= 'z'
}

// validSegment reports whether a server reads s as one segment of a path.
func validSegment(s string) bool {
	decoded, err := url.PathUnescape(s)
	if err != nil || decoded == "" || decoded == "." || decoded == ".." || !utf8.ValidString(decoded) {
		return false
	}
	return !strings.ContainsAny(decoded, `/\`) && !strings.ContainsFunc(decoded, unicode.IsControl)
}
