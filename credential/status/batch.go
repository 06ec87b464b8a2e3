package status

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// The kinds of hash, as hashType of a batch and as keys of StatusRef.IDs.
const (
	KindUCI        = "UCI"
	KindCountryUCI = "COUNTRYCODEUCI"
	KindSignature  = "SIGNATURE"
)

// UnknownKID stands in a batch whose country does not know, or does not tell,
// with which key the certificates were signed: it holds for all of its keys.
const UnknownKID = "UNKNOWN_KID"

// Hash is the first 16 bytes of a SHA-256: how a revoked health certificate is
// listed (dgc-gateway, revocation batch).
type Hash [16]byte

// Batch is a set of revoked certificates of one country, kind and key, as the
// gateway exchanges them.
type Batch struct {
	// Country that revoked them, ISO 3166-1 alpha-2 in capitals.
	Country string
	// Expires is when the batch may be removed, as the certificates in it have
	// ended by themselves: from then on it no longer counts.
	Expires time.Time
	// KID is the signing key's identifier, standard base64 of 8 bytes, or
	// [UnknownKID].
	KID    string
	Kind   string
	Hashes []Hash // 1 to 1000
}

// batchLimit is more than a batch of 1000 hashes takes, in bytes.
const batchLimit = 256 << 10

// ParseBatch reads a batch in the gateway's JSON form:
//
//	{"country":"OM","expires":"2027-01-01T00:00:00Z","kid":"…","hashType":"UCI","entries":[{"hash":"…"}]}
//
// Other members are ignored. Names are exact, none may be there twice. The
// error names the member that is wrong and wraps [proof.ErrUnavailable].
func ParseBatch(raw []byte) (*Batch, error) {
	if len(raw) > batchLimit {
		return nil, unavailable("batch: %d bytes, at most %d are read", len(raw), batchLimit)
	}
	b, err := parseBatch(raw)
	if err == nil {
		err = b.check()
	}
	if err != nil {
		return nil, unavailable("batch: %s", err)
	}
	return b, nil
}

func parseBatch(raw []byte) (*Batch, error) {
	v, err := jcs.Parse(raw)
	if err != nil {
		return nil, err
	}
	b := &Batch{}
	for _, m := range []struct {
		name string
		to   *string
	}{{"country", &b.Country}, {"kid", &b.KID}, {"hashType", &b.Kind}} {
		s, ok := v.Member(m.name).Text()
		if !ok {
			return nil, fmt.Errorf("%s: not a string", m.name)
		}
		*m.to = s
	}
	expires, _ := v.Member("expires").Text()
	if b.Expires, err = time.Parse(time.RFC3339, expires); err != nil {
		return nil, errors.New("expires: not a date and time (RFC 3339)")
	}
	entries := v.Member("entries")
	if entries.Len() > limits.RevocationBatch {
		return nil, fmt.Errorf("entries: %d, at most %d", entries.Len(), limits.RevocationBatch)
	}
	b.Hashes = make([]Hash, 0, entries.Len())
	for i, e := range entries.Elements() {
		text, _ := e.Member("hash").Text()
		var h [18]byte // what 24 characters may hold
		n := 0
		if len(text) == 24 && !strings.ContainsAny(text, "\r\n") {
			n, _ = base64.StdEncoding.Strict().Decode(h[:], []byte(text))
		}
		if n != len(Hash{}) {
			return nil, fmt.Errorf("entries[%d].hash: not base64 of 16 bytes", i)
		}
		b.Hashes = append(b.Hashes, Hash(h[:16]))
	}
	return b, nil
}

func (b *Batch) check() error {
	if !isCountry(b.Country) {
		return errors.New("country: not two capital letters")
	}
	if b.Expires.IsZero() {
		return errors.New("expires: missing")
	}
	if b.KID != UnknownKID {
		kid, err := base64.StdEncoding.Strict().DecodeString(b.KID)
		if err != nil || len(kid) != 8 || len(b.KID) != 12 {
			return errors.New("kid: neither base64 of 8 bytes nor " + UnknownKID)
		}
	}
	switch b.Kind {
	case KindUCI, KindCountryUCI, KindSignature:
	default:
		return errors.New("hashType: not one of UCI, COUNTRYCODEUCI, SIGNATURE")
	}
	if n := len(b.Hashes); n == 0 || n > limits.RevocationBatch {
		return fmt.Errorf("entries: %d, not 1 to %d", n, limits.RevocationBatch)
	}
	return nil
}

func isCountry(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

type batchJSON struct {
	Country string      `json:"country"`
	Expires time.Time   `json:"expires"`
	KID     string      `json:"kid"`
	Kind    string      `json:"hashType"`
	Entries []entryJSON `json:"entries"`
}

type entryJSON struct {
	Hash []byte `json:"hash"`
}

// Encode returns the batch in the form that [ParseBatch] reads. The error names
// the field that is wrong.
func (b *Batch) Encode() ([]byte, error) {
	if err := b.check(); err != nil {
		return nil, fmt.Errorf("status: batch: %w", err)
	}
	out := batchJSON{b.Country, b.Expires.UTC(), b.KID, b.Kind, make([]entryJSON, len(b.Hashes))}
	for i := range b.Hashes {
		out.Entries[i].Hash = b.Hashes[i][:]
	}
	return json.Marshal(out)
}
