package hcert

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/cborx"
	"github.com/sanad-credentials/sanad/trustlist"
)

// Numbers of content inside claim -260 (WHO SMART Trust, "HCERT specification":
// 0 and above are assigned, negative ones are for development).
const (
	claimDCC         = 1
	claimVaccination = 3 // WHO DDCC
	claimTest        = 4 // WHO DDCC
	claimHealthLink  = 5
	claimICVP        = -6
	claimMedication  = -7
)

// Payload is the Payload of a health certificate. It is immutable.
//
// Its JSON form, and so what Credential.Claims decodes, is that of the EU DCC, or
// of the ICVP, where that is the only content of claim -260. Any others show as
// an object of contents by their numbers, so that none is taken for a DCC. It is
// made of the signed bytes, whether or not the typed structs know every member.
type Payload struct {
	// Issuer is claim 1 as written: a country code in most certificates, free
	// text in some; empty where there is none.
	Issuer string

	contents []content
	dcc      *DCC
	icvp     *ICVP
	err      error // of the typed decoding: members of the wrong type
}

type content struct {
	number int64
	raw    []byte // CBOR
	json   []byte
}

// DCC is the EU Digital COVID Certificate, nil where there is none. The error
// says which member has the wrong type for it.
func (p *Payload) DCC() (*DCC, error) { return p.dcc, p.err }

// ICVP is the international certificate of vaccination or prophylaxis, nil
// where there is none. The error says which member has the wrong type for it.
func (p *Payload) ICVP() (*ICVP, error) { return p.icvp, p.err }

// MarshalJSON shows the content as Payload says.
func (p *Payload) MarshalJSON() ([]byte, error) {
	contents := p.contents
	if contents == nil { // a draft
		var err error
		if contents, err = p.encodeContents(); err != nil {
			return nil, err
		}
		for i := range contents {
			if contents[i].json, err = cborx.JSON(contents[i].raw); err != nil {
				return nil, err
			}
		}
	}
	if len(contents) == 1 && (contents[0].number == claimDCC || contents[0].number == claimICVP) {
		return contents[0].json, nil
	}
	out := []byte{'{'}
	for i, c := range contents {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(strconv.AppendQuote(out, strconv.FormatInt(c.number, 10)), ':')
		out = append(out, c.json...)
	}
	return append(out, '}'), nil
}

func (p *Payload) encodeContents() ([]content, error) {
	var out []content
	add := func(number int64, v any) error {
		raw, err := cborx.Encode(v)
		if err != nil {
			return err
		}
		out = append(out, content{number: number, raw: raw})
		return nil
	}
	var err error
	if p.dcc != nil {
		err = add(claimDCC, p.dcc)
	}
	if p.icvp != nil {
		err = errors.Join(err, add(claimICVP, p.icvp))
	}
	return out, err
}

// types are the credential types of the content.
func (p *Payload) types() []string {
	var types []string
	for _, c := range p.contents {
		switch c.number {
		case claimDCC:
			types = append(types, p.dcc.types()...)
		case claimVaccination:
			types = append(types, trustlist.TypeVaccination)
		case claimTest:
			types = append(types, trustlist.TypeTest)
		case claimHealthLink:
			types = append(types, trustlist.TypeHealthLink)
		case claimICVP:
			types = append(types, trustlist.TypeICVP)
		case claimMedication:
			types = append(types, trustlist.TypeMedication)
		default:
			types = append(types, trustlist.TypeHealthDocument)
		}
	}
	return types
}

func (d *DCC) types() []string {
	var types []string
	if len(d.Vaccinations) > 0 {
		types = append(types, trustlist.TypeVaccination)
	}
	if len(d.Tests) > 0 {
		types = append(types, trustlist.TypeTest)
	}
	if len(d.Recoveries) > 0 {
		types = append(types, trustlist.TypeRecovery)
	}
	return types
}

// uniqueID is the unique certificate identifier of the DCC's first entry.
func (p *Payload) uniqueID() string {
	if ids := p.uniqueIDs(); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// uniqueIDs are those of all entries: before version 1.3 there may be several.
func (p *Payload) uniqueIDs() (ids []string) {
	add := func(id string) {
		if id != "" {
			ids = append(ids, id)
		}
	}
	if p.dcc != nil {
		for i := range p.dcc.Vaccinations {
			add(p.dcc.Vaccinations[i].CertificateID)
		}
		for i := range p.dcc.Tests {
			add(p.dcc.Tests[i].CertificateID)
		}
		for i := range p.dcc.Recoveries {
			add(p.dcc.Recoveries[i].CertificateID)
		}
	}
	return ids
}

// cwt is a claims set (RFC 8392); other claims are skipped.
type cwt struct {
	Issuer    cbor.RawMessage `cbor:"1,keyasint"`
	Expires   cbor.RawMessage `cbor:"4,keyasint"`
	NotBefore cbor.RawMessage `cbor:"5,keyasint"`
	IssuedAt  cbor.RawMessage `cbor:"6,keyasint"`
	Health    cbor.RawMessage `cbor:"-260,keyasint"`
}

type claims struct {
	payload                     *Payload
	issued, notBefore, expires  time.Time
	issuerIsCountry, floatTimes bool
	tolerated                   []error
}

func parseClaims(raw []byte) (*claims, error) {
	raw, indefinite, err := cborx.Definite(raw)
	if err != nil {
		return nil, fmt.Errorf("hcert: cwt: %w", quiet(err))
	}
	if !cborx.Is(raw, cborx.Map) {
		return nil, errors.New("hcert: cwt is not a map")
	}
	var w cwt
	if err := cborx.Decode(raw, &w); err != nil {
		return nil, fmt.Errorf("hcert: cwt: %w", quiet(err))
	}
	c := &claims{payload: &Payload{}}
	if indefinite {
		c.tolerated = append(c.tolerated, errIndefinite)
	}
	if c.expires, err = c.time("4 (exp)", w.Expires); err != nil {
		return nil, err
	}
	if c.notBefore, err = c.time("5 (nbf)", w.NotBefore); err != nil {
		return nil, err
	}
	if c.issued, err = c.time("6 (iat)", w.IssuedAt); err != nil {
		return nil, err
	}
	if w.Issuer != nil {
		iss, ok := cborx.String(w.Issuer, cborx.Text)
		if !ok || !utf8.Valid(iss) {
			return nil, errors.New("hcert: cwt claim 1 (iss) is not text")
		}
		c.payload.Issuer = string(iss)
		if c.issuerIsCountry = trustlist.CountryNames(string(iss)) != nil; !c.issuerIsCountry {
			c.tolerated = append(c.tolerated, errOddIssuer)
		}
	}
	if c.floatTimes {
		c.tolerated = append(c.tolerated, errFloatTime)
	}
	return c, c.payload.parse(w.Health)
}

// maxTime is the last second that four-digit years can write.
const maxTime = 253402300799

func (c *claims) time(name string, item []byte) (time.Time, error) {
	if item == nil {
		return time.Time{}, nil
	}
	major, n, rest, info, ok := cborx.Head(item)
	switch {
	case ok && major == cborx.Uint && len(rest) == 0 && n <= maxTime:
		return unix(int64(n)), nil
	case ok && major == cborx.Uint:
		return time.Time{}, fmt.Errorf("hcert: cwt claim %s is beyond the year 9999", name)
	case ok && major == cborx.Simple && info >= 25 && info <= 27:
		var f float64
		if err := cborx.Decode(item, &f); err != nil || math.IsNaN(f) || f < 0 || f > maxTime {
			return time.Time{}, fmt.Errorf("hcert: cwt claim %s is no time", name)
		}
		c.floatTimes = true
		return unix(int64(f)), nil
	}
	return time.Time{}, fmt.Errorf("hcert: cwt claim %s is not a number of seconds", name)
}

func (c *claims) credential() *credential.Credential {
	from := c.issued
	if c.notBefore.After(from) {
		from = c.notBefore
	}
	out := &credential.Credential{
		Format: "hcert", ID: c.payload.uniqueID(), Types: c.payload.types(),
		Signed: c.issued, ValidFrom: from, ValidUntil: c.expires, Payload: c.payload,
	}
	// Free text names nobody on a trust list: the signer's key alone then tells
	// who issued, as where the claim is absent.
	if c.issuerIsCountry {
		out.Issuers = []string{c.payload.Issuer}
	}
	return out
}

const maxContents = 16

func (p *Payload) parse(health []byte) error {
	major, n, rest, _, ok := cborx.Head(health)
	if !ok || major != cborx.Map || n == 0 || n > maxContents {
		return errors.New("hcert: cwt claim -260 (hcert) is missing, empty, or not a map")
	}
	for range n {
		key, after, err := cborx.First(rest)
		if err != nil {
			return fmt.Errorf("hcert: cwt claim -260: %w", quiet(err))
		}
		var c content
		if err := cborx.Decode(key, &c.number); err != nil || !cborx.Is(key, cborx.Uint) && !cborx.Is(key, cborx.NegInt) {
			return errors.New("hcert: cwt claim -260: a key that is not an integer")
		}
		for _, other := range p.contents {
			if other.number == c.number {
				return errors.New("hcert: cwt claim -260: duplicate key")
			}
		}
		if c.raw, rest, err = cborx.First(after); err != nil {
			return fmt.Errorf("hcert: cwt claim -260: %w", quiet(err))
		}
		// Whatever has no JSON form, a key twice for one, has no claims either.
		if c.json, err = cborx.JSONOf(c.raw, namesOf(c.number)); err != nil {
			return fmt.Errorf("hcert: cwt claim -260, content %d: %w", c.number, err)
		}
		p.contents = append(p.contents, c)
		if err := p.decode(c); err != nil {
			return fmt.Errorf("hcert: cwt claim -260, content %d: %w", c.number, err)
		}
	}
	return nil
}

// decode fills the typed struct of a content. Members of the wrong type are
// kept as the payload's error, for the content check to report: the container
// around them is sound.
func (p *Payload) decode(c content) error {
	var err error
	switch c.number {
	case claimDCC, claimICVP:
		if !cborx.Is(c.raw, cborx.Map) {
			return errors.New("not a map")
		}
		if c.number == claimDCC {
			p.dcc = &DCC{}
			err = cborx.Decode(c.raw, p.dcc)
		} else {
			p.icvp = &ICVP{}
			err = cborx.Decode(c.raw, p.icvp)
		}
	}
	var wrong *cbor.UnmarshalTypeError
	if errors.As(err, &wrong) {
		p.err = fmt.Errorf("hcert: content %d: %w", c.number, quiet(err))
		return nil
	}
	return quiet(err)
}

// quiet keeps the decoder's account of what was wrong, and where, without the
// values that it may quote.
func quiet(err error) error {
	var wrong *cbor.UnmarshalTypeError
	var twice *cbor.DupMapKeyError
	switch {
	case errors.As(err, &wrong):
		return fmt.Errorf("cbor: %s where %s has type %s", wrong.CBORType, wrong.StructFieldName, wrong.GoType)
	case errors.As(err, &twice):
		return errors.New("cbor: duplicate key")
	case err != nil:
		return errors.New("cbor: not well-formed, or beyond the limits")
	}
	return nil
}

// members are the names of the DCC's and the ICVP's members, at any level.
var members = func() map[string]bool {
	m := map[string]bool{}
	for _, n := range strings.Fields("ver nam dob v t r fn fnt gn gnt tg vp mp ma dn sd dt co is ci tt nm sc dr tr tc fr df du " +
		"n s ntl nid ndt nt id d vx mid dv bo vls vle cn") {
		m[n] = true
	}
	return m
}()

// namesOf refuses, where a typed struct is read, a name that a reader of JSON
// which ignores case would take for another: "V" for "v", and "ſd" for "sd".
func namesOf(number int64) func(string) bool {
	if number != claimDCC && number != claimICVP {
		return nil
	}
	return func(name string) bool {
		if members[name] {
			return true
		}
		folded := strings.Map(func(r rune) rune {
			switch r {
			case 'ſ':
				return 's'
			case '\u212a': // the Kelvin sign
				return 'k'
			}
			return unicode.ToLower(r)
		}, name)
		return !members[folded]
	}
}
