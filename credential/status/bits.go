package status

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// minEntries keeps each holder hidden in a crowd (Bitstring Status List 1.0,
// sections 3.2 and 6.1).
const minEntries = 131_072

// The types of a list (section 2.2).
const (
	typeListCredential = "BitstringStatusListCredential"
	typeList           = "BitstringStatusList"
)

// bitList is a verified list. It is immutable.
type bitList struct {
	id       string // as stated; may be empty
	purposes []string
	size     uint64 // as stated; 0: not stated
	bits     []byte
	asOf     time.Time
}

func decodeList(c *credential.Credential) (*bitList, error) {
	raw, err := claimsJSON(c)
	if err != nil {
		return nil, err
	}
	claims, err := jcs.Parse(raw) // strict: names match exactly and are never double
	if err != nil {
		return nil, err
	}
	if !holds(claims.Member("type"), typeListCredential) {
		return nil, errors.New("type: not a " + typeListCredential)
	}
	subject := claims.Member("credentialSubject")
	if subject.Kind() != jcs.Object || !holds(subject.Member("type"), typeList) {
		return nil, errors.New("credentialSubject.type: not a " + typeList)
	}
	l := &bitList{id: c.ID, asOf: c.ValidFrom}
	if l.asOf.IsZero() {
		l.asOf = c.Signed
	}
	for p := range oneOrMany(subject.Member("statusPurpose")) {
		s, ok := p.Text()
		if !ok || s == "" {
			return nil, errors.New("credentialSubject.statusPurpose: not one or more strings")
		}
		l.purposes = append(l.purposes, s)
	}
	if s := subject.Member("statusSize"); s.Exists() {
		n, ok := natural(s)
		if !ok || n == 0 {
			return nil, errors.New("credentialSubject.statusSize: not a number above 0")
		}
		l.size = n
	}
	encoded, ok := subject.Member("encodedList").Text()
	if !ok {
		return nil, errors.New("credentialSubject.encodedList: not a string")
	}
	if l.bits, err = expand(encoded); err != nil {
		return nil, fmt.Errorf("credentialSubject.encodedList: %w", err)
	}
	return l, nil
}

// status answers for one position (section 3.2, steps 5 to 13).
func (l *bitList) status(ref credential.StatusRef) (credential.Status, error) {
	size := uint64(max(ref.Size, 1))
	st := credential.Status{Ref: ref, AsOf: l.asOf}
	if l.id != "" && l.id != ref.List {
		return st, unavailable("bitstring list: id: another list than the one asked for")
	}
	if !slices.Contains(l.purposes, ref.Purpose) {
		return st, errors.New("status: bitstring: statusPurpose: the list is for another")
	}
	if l.size != 0 && l.size != size {
		return st, errors.New("status: bitstring: statusSize: the list has another")
	}
	n := uint64(len(l.bits)) * 8 / size
	if n < minEntries {
		return st, unavailable("bitstring list: %d entries, fewer than %d", n, minEntries)
	}
	if ref.Index >= n {
		return st, errors.New("status: bitstring: statusListIndex: beyond the end of the list")
	}
	v := value(l.bits, ref.Index*size, size)
	switch ref.Purpose {
	case PurposeMessage, PurposeRefresh:
		st.Message = meaning(ref.Messages, v)
		return st, nil
	}
	switch {
	case v == 0:
		return st, nil
	case ref.Purpose == PurposeRevocation:
		return st, fmt.Errorf("status: bitstring: %w", credential.ErrRevoked)
	case ref.Purpose == PurposeSuspension:
		return st, fmt.Errorf("status: bitstring: %w", credential.ErrSuspended)
	}
	return st, unavailable("bitstring: a status is set under a purpose of unknown meaning")
}

// meaning is what the credential says that a value means, or just that it is set.
func meaning(messages map[uint64]string, v uint64) string {
	switch {
	case messages != nil:
		return messages[v]
	case v == 0:
		return "unset"
	}
	return "set"
}

// value reads size bits from position at: the first bit of a list is the most
// significant of its first byte (section 7.1).
func value(bits []byte, at, size uint64) (v uint64) {
	for i := at; i < at+size; i++ {
		v = v<<1 | uint64(bits[i/8]>>(7-i%8)&1)
	}
	return v
}

// expand reads an encodedList (section 3.4): multibase base64url of gzip.
func expand(encoded string) ([]byte, error) {
	text, ok := strings.CutPrefix(encoded, "u")
	if !ok {
		return nil, errors.New("not multibase base64url")
	}
	if strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return nil, errors.New("a line end in base64url")
	}
	packed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errors.New("malformed base64url")
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errors.New("malformed gzip")
	}
	bits, err := io.ReadAll(io.LimitReader(z, limits.StatusInflated+1))
	if err != nil {
		return nil, errors.New("malformed gzip")
	}
	if len(bits) > limits.StatusInflated {
		return nil, fmt.Errorf("longer than %d bytes", limits.StatusInflated)
	}
	if len(bits) < minEntries/8 {
		return nil, fmt.Errorf("%d bytes, fewer than %d", len(bits), minEntries/8)
	}
	return slices.Clip(bits), nil
}

// compress writes an encodedList (section 3.3). Equal bits give equal text.
func compress(bits []byte) (string, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(bits); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return "u" + base64.RawURLEncoding.EncodeToString(b.Bytes()), nil
}
