package did

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/sanad-credentials/sanad/internal/b64url"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

// Members that hold a key.
const (
	multibaseMember = "publicKeyMultibase"
	jwkMember       = "publicKeyJwk"
	base58Member    = "publicKeyBase58"
)

// methodTypes are the types of verification method that are known: of the two
// that hold any kind of key the member that holds it, of the older ones the
// kind of key (DID Specification Registries; security vocabulary).
var methodTypes = map[string]struct{ member, kind string }{
	"Multikey":       {member: multibaseMember},
	"JsonWebKey":     {member: jwkMember},
	"JsonWebKey2020": {member: jwkMember},

	"Ed25519VerificationKey2020":        {kind: "Ed25519"},
	"Ed25519VerificationKey2018":        {kind: "Ed25519"},
	"EcdsaSecp256r1VerificationKey2019": {kind: "P-256"},
	"P256Key2021":                       {kind: "P-256"},
	"P384Key2021":                       {kind: "P-384"},
	"P521Key2021":                       {kind: "P-521"},
	"RsaVerificationKey2018":            {kind: "RSA"},
	"EcdsaSecp256k1VerificationKey2019": {kind: secp256k1Name},
	"EcdsaSecp256k1VerificationKey2020": {kind: secp256k1Name},
	"EcdsaSecp256k1RecoveryMethod2020":  {kind: secp256k1Name},
	"X25519KeyAgreementKey2019":         {kind: X25519},
	"X25519KeyAgreementKey2020":         {kind: X25519},
	"Bls12381G1Key2020":                 {kind: BLS12381G1},
	"Bls12381G2Key2020":                 {kind: bls12381G2},
}

// readKey reads the one key that a method holds.
func (m *VerificationMethod) readKey(v jcs.Value) error {
	t, ok := methodTypes[m.Type]
	if !ok {
		return fmt.Errorf("type %.64q: %w", m.Type, ErrUnsupported)
	}
	for _, private := range []string{"privateKeyMultibase", "privateKeyJwk", "privateKeyBase58", "secretKeyMultibase", "secretKeyJwk"} {
		if v.Member(private).Exists() {
			return fmt.Errorf("%s: %w", private, jwk.ErrPrivate)
		}
	}
	name := ""
	for _, n := range []string{multibaseMember, jwkMember, base58Member} {
		if !v.Member(n).Exists() {
			continue
		}
		if name != "" {
			return fmt.Errorf("both %s and %s: %w", name, n, ErrInvalid)
		}
		name = n
	}
	switch {
	case name == "" && t.kind != "":
		return fmt.Errorf("no key of %s in a known form: %w", t.kind, ErrUnsupported)
	case name == "" || t.member != "" && t.member != name:
		return fmt.Errorf("%s: missing in a method of type %s: %w", t.member, m.Type, ErrInvalid)
	}
	err := m.readMember(name, v.Member(name), t.kind)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if t.kind != "" && kindOf(m.Public) != t.kind {
		return fmt.Errorf("%s: a key of %s in a method of type %s: %w", name, kindOf(m.Public), m.Type, ErrInvalid)
	}
	return nil
}

func (m *VerificationMethod) readMember(name string, v jcs.Value, kind string) (err error) {
	if name == jwkMember {
		m.Public, m.Algorithms, err = readJWK(v)
		return err
	}
	s, ok := v.Text()
	switch {
	case !ok:
		err = fmt.Errorf("%s, not a string: %w", v.Kind(), ErrInvalid)
	case name == multibaseMember:
		m.Public, err = ParseMultikey(s)
	default:
		var raw []byte
		if raw, err = base58(s); err == nil {
			m.Public, err = decode(kind, raw)
		}
	}
	return err
}

func kindOf(pub crypto.PublicKey) string {
	kind, _, _ := encode(pub)
	return kind
}

// readJWK reads a JSON Web Key, and the algorithms that it names.
func readJWK(v jcs.Value) (crypto.PublicKey, []proof.Algorithm, error) {
	if v.Member("d").Exists() {
		return nil, nil, jwk.ErrPrivate
	}
	if k, ok, err := otherJWK(v); ok || err != nil {
		return k, nil, err
	}
	k, err := jwk.From(v, jwk.Strict)
	switch {
	case errors.Is(err, jwk.ErrUnsupported):
		return nil, nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w", ErrInvalid, err)
	case !v.Member("alg").Exists():
		return k.Public, nil, nil
	}
	return k.Public, k.Algorithms, nil
}

// otherJWK reads the JSON Web Keys that are recognised only: X25519 (RFC 8037)
// and BLS12-381's G1 as drafts and the vectors of did:key name it. ok is false
// where v is of another kind.
func otherJWK(v jcs.Value) (k crypto.PublicKey, ok bool, err error) {
	crv, _ := v.Member("crv").Text()
	kind := ""
	switch crv {
	case "X25519":
		kind = X25519
	case "BLS12381_G1", "BLS12381G1", "Bls12381G1":
		kind = BLS12381G1
	default:
		return nil, false, nil
	}
	x, err := base64url(v.Member("x"))
	if err != nil {
		return nil, false, fmt.Errorf("x: %w", err)
	}
	k, err = decode(kind, x)
	return k, err == nil, err
}

func base64url(v jcs.Value) ([]byte, error) {
	s, _ := v.Text()
	b, err := b64url.Decode(s)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrInvalid)
	}
	return b, nil
}
