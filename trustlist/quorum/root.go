package quorum

import (
	"crypto"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Root says who runs a network (TUF 1.0.31, section 4.3).
type Root struct {
	// Network is the network's name, the DID of its trust list.
	Network string
	// Version is 1 for the first root, and one more for each that follows.
	Version uint64
	Expires time.Time // to the second
	Members []Member
	// Thresholds say how many members must agree. Removal may be 0: then there
	// is no emergency removal. The others are at least 1.
	Thresholds Thresholds
}

// Thresholds are numbers of voices, one for each role. Removal is at most
// Release.
type Thresholds struct{ Root, Release, Removal int }

// of returns the threshold of a role.
func (t Thresholds) of(r Role) int {
	return map[Role]int{RoleRoot: t.Root, RoleRelease: t.Release, RoleRemoval: t.Removal}[r]
}

// Member is one key and who holds it.
type Member struct {
	// Name is the holder's. Territory is the state's ISO 3166-1 alpha-2 code, or
	// empty for a holder that is no state's. Members of one territory are one
	// voice; without a territory, those of one name are.
	Name, Territory string
	// Public is an Ed25519 key or one on P-256, P-384 or P-521. RSA keys are
	// refused: one modulus with two exponents would be two keys.
	Public crypto.PublicKey
	Roles  []Role
}

// voice is what is counted.
func (m *Member) voice() string {
	if m.Territory != "" {
		return "territory " + m.Territory
	}
	return "name " + m.Name
}

// algorithm is fixed by the key alone.
func algorithm(pub crypto.PublicKey) (proof.Algorithm, error) {
	if _, ok := pub.(*rsa.PublicKey); ok {
		return "", fmt.Errorf("%w: RSA", ErrKey)
	}
	algs, err := proof.AlgorithmsFor(pub)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrKey, err)
	}
	return algs[0], nil
}

func (Root) kind() Kind { return KindRoot }

func (r Root) check() error {
	if err := checkText("network", r.Network, maxName); err != nil {
		return err
	}
	if err := checkVersion("version", r.Version); err != nil {
		return err
	}
	if err := checkTime("expires", r.Expires); err != nil {
		return err
	}
	if len(r.Members) > limits.NetworkKeys {
		return fmt.Errorf("%w: %d members, at most %d", ErrFormat, len(r.Members), limits.NetworkKeys)
	}
	seen := map[string]bool{}
	for i := range r.Members {
		m := &r.Members[i]
		if err := m.check(); err != nil {
			return fmt.Errorf("members[%d]: %w", i, err)
		}
		id, err := KeyID(m.Public)
		if err != nil {
			return fmt.Errorf("members[%d]: %w: %w", i, ErrKey, err)
		}
		if seen[id] {
			return fmt.Errorf("%w: members[%d]: its key is another member's", ErrFormat, i)
		}
		seen[id] = true
	}
	return r.checkThresholds()
}

func (m *Member) check() error {
	if err := checkText("name", m.Name, maxName); err != nil {
		return err
	}
	if m.Territory != "" && trustlist.Territory(m.Territory) != m.Territory {
		return fmt.Errorf("%w: territory: not an ISO 3166-1 alpha-2 code", ErrFormat)
	}
	if _, err := algorithm(m.Public); err != nil {
		return err
	}
	for i, role := range m.Roles {
		if !slices.Contains(allRoles, role) || slices.Contains(m.Roles[:i], role) {
			return fmt.Errorf("%w: roles: one that is not known, or is there twice", ErrFormat)
		}
	}
	return nil
}

// checkThresholds holds that every threshold can be reached, and that removal
// is not harder than release.
func (r Root) checkThresholds() error {
	for _, role := range allRoles {
		voices := map[string]bool{}
		for i := range r.Members {
			if m := &r.Members[i]; slices.Contains(m.Roles, role) {
				voices[m.voice()] = true
			}
		}
		n, least := r.Thresholds.of(role), 1
		if role == RoleRemoval {
			least = 0
		}
		if n < least || n > len(voices) {
			return fmt.Errorf("%w: thresholds.%s: %d, of %d voices", ErrFormat, role, n, len(voices))
		}
	}
	if r.Thresholds.Removal > r.Thresholds.Release {
		return fmt.Errorf("%w: thresholds.removal: above that of a release", ErrFormat)
	}
	return nil
}

type jsonRoot struct {
	Kind       Kind           `json:"kind"`
	Network    string         `json:"network"`
	Version    uint64         `json:"version"`
	Expires    string         `json:"expires"`
	Members    []jsonMember   `json:"members"`
	Thresholds jsonThresholds `json:"thresholds"`
}

type jsonMember struct {
	Name      string          `json:"name"`
	Territory string          `json:"territory,omitempty"`
	Key       json.RawMessage `json:"key"`
	Roles     []Role          `json:"roles"`
}

type jsonThresholds struct {
	Root    int `json:"root"`
	Release int `json:"release"`
	Removal int `json:"removal"`
}

func (r Root) encode() any {
	out := jsonRoot{
		Kind: KindRoot, Network: r.Network, Version: r.Version, Expires: r.Expires.UTC().Format(layout),
		Thresholds: jsonThresholds(r.Thresholds), Members: []jsonMember{},
	}
	for _, m := range r.Members {
		key, _ := jwk.Marshal(m.Public, "") // check has had its thumbprint
		roles := m.Roles
		if roles == nil {
			roles = []Role{}
		}
		out.Members = append(out.Members, jsonMember{m.Name, m.Territory, key, roles})
	}
	return out
}

func readRoot(v jcs.Value) (Root, error) {
	r := read(v)
	r.text("kind")
	out := Root{Network: r.text("network"), Version: r.number("version"), Expires: r.time("expires")}
	members, thresholds := r.array("members", limits.NetworkKeys), read(r.member("thresholds"))
	if err := r.done(); err != nil {
		return out, err
	}
	voices := func(role Role) int { return int(min(thresholds.number(string(role)), limits.NetworkKeys+1)) }
	out.Thresholds = Thresholds{voices(RoleRoot), voices(RoleRelease), voices(RoleRemoval)}
	if err := thresholds.done(); err != nil {
		return out, fmt.Errorf("thresholds: %w", err)
	}
	for i, e := range members.Elements() {
		m, err := readMember(e)
		if err != nil {
			return out, fmt.Errorf("members[%d]: %w", i, err)
		}
		out.Members = append(out.Members, m)
	}
	return out, nil
}

func readMember(v jcs.Value) (Member, error) {
	r := read(v)
	m := Member{Name: r.text("name")}
	if r.optional("territory").Exists() {
		if m.Territory = r.text("territory"); m.Territory == "" {
			r.fail("territory", "a code")
		}
	}
	for _, e := range r.array("roles", len(allRoles)).Elements() {
		s, _ := e.Text()
		m.Roles = append(m.Roles, Role(s))
	}
	key := r.member("key")
	if err := r.done(); err != nil {
		return m, err
	}
	k, err := jwk.From(key, jwk.Strict)
	if err != nil {
		return m, fmt.Errorf("%w: %w", ErrKey, err)
	}
	// The key alone: no alg, kid or certificate that says something else of it.
	bare, err := jwk.Marshal(k.Public, "")
	if err != nil || string(bare) != string(key.Append(nil)) {
		return m, fmt.Errorf("%w: has more members than its public key", ErrKey)
	}
	m.Public = k.Public
	return m, nil
}
