package schema

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/hcert"
)

// The three kinds, valid in every version and by every option.
const (
	vaccinationJSON = `{"ver":"1.3.0","nam":{"fn":"Doe","fnt":"DOE","gn":"Jane","gnt":"JANE"},"dob":"1964-01-01","v":[{"tg":"840539006","vp":"1119349007","mp":"EU/1/20/1528","ma":"ORG-100030215","dn":1,"sd":2,"dt":"2021-06-11","co":"NL","is":"Ministry of Health","ci":"URN:UVCI:01:NL:1"}]}`
	testJSON        = `{"ver":"1.3.0","nam":{"fn":"Doe","fnt":"DOE","gn":"Jane","gnt":"JANE"},"dob":"1964-01-01","t":[{"tg":"840539006","tt":"LP6464-4","nm":"PCR","sc":"2021-06-11T17:30:00Z","tr":"260415000","tc":"Test Centre","co":"NL","is":"Ministry of Health","ci":"URN:UVCI:01:NL:2"}]}`
	recoveryJSON    = `{"ver":"1.3.0","nam":{"fn":"Doe","fnt":"DOE","gn":"Jane","gnt":"JANE"},"dob":"1964-01-01","r":[{"tg":"840539006","fr":"2021-06-01","co":"NL","is":"Ministry of Health","df":"2021-06-12","du":"2021-11-28","ci":"URN:UVCI:01:NL:3"}]}`
)

func kinds() map[string]string {
	return map[string]string{"v": vaccinationJSON, "t": testJSON, "r": recoveryJSON}
}

// edit sets members of a certificate by path, "t/0/tc" or "dob"; a value of
// drop takes the member away.
var drop any = struct{}{}

func edit(t testing.TB, doc string, members map[string]any) *hcert.DCC {
	t.Helper()
	var m any
	require.NoError(t, json.Unmarshal([]byte(doc), &m))
	for path, value := range members {
		at := m
		steps := strings.Split(path, "/")
		for i, s := range steps {
			if s == "0" {
				at = at.([]any)[0]
				continue
			}
			o := at.(map[string]any)
			switch {
			case i < len(steps)-1:
				at = o[s]
			case value == drop:
				delete(o, s)
			default:
				o[s] = value
			}
		}
	}
	raw, err := json.Marshal(m)
	require.NoError(t, err)
	var d hcert.DCC
	require.NoError(t, json.Unmarshal(raw, &d))
	return &d
}

func strict(d *hcert.DCC) error { return Health{Strict: true}.dcc(d, zeroTime) }

func TestValidInEveryVersion(t *testing.T) {
	for name, doc := range kinds() {
		for _, ver := range []string{"1.0.0", "1.0.1", "1.0.4", "1.1.0", "1.2.1", "1.3.0", "1.3.1", "1.3.2", "1.3.3", "1.4.0", "2.0.0"} {
			d := edit(t, doc, map[string]any{"ver": ver})
			require.NoError(t, CheckDCC(d), "%s %s", name, ver)
			require.NoError(t, Health{Strict: true, ValueSets: true}.dcc(d, zeroTime), "%s %s", name, ver)
		}
	}
}

// Every member that is required is missed, and named.
func TestRequiredMembers(t *testing.T) {
	for kind, members := range map[string]string{
		"v": "tg vp mp ma dn sd dt co is ci", "t": "tg tt sc tr co is ci", "r": "tg fr co is df du ci",
	} {
		for m := range strings.FieldsSeq(members) {
			path := kind + "/0/" + m
			err := CheckDCC(edit(t, kinds()[kind], map[string]any{path: drop}))
			require.ErrorIs(t, err, credential.ErrSchema, path)
			require.Contains(t, err.Error(), "dcc: "+path+": missing")
		}
		for _, m := range []string{"ver", "dob"} {
			err := CheckDCC(edit(t, kinds()[kind], map[string]any{m: drop}))
			require.ErrorContains(t, err, "dcc: "+m+": missing")
		}
		require.ErrorContains(t, CheckDCC(edit(t, kinds()[kind], map[string]any{"nam": drop})), "dcc: nam/fnt: missing")
		require.ErrorContains(t, CheckDCC(edit(t, kinds()[kind], map[string]any{kind: drop})), "dcc: v, t, r: all missing")
	}
	for _, ok := range []string{"nam/fn", "nam/gn", "nam/gnt", "t/0/nm", "t/0/tc"} {
		require.NoError(t, strict(edit(t, testJSON, map[string]any{ok: drop})), ok)
	}
}

func TestRefused(t *testing.T) {
	long := strings.Repeat("x", 81)
	for _, c := range []struct {
		doc, path string
		value     any
		want      string
	}{
		{vaccinationJSON, "ver", "1.3", "ver: not three numbers"},
		{vaccinationJSON, "ver", "1a3b0", "ver: not three numbers"},
		{vaccinationJSON, "dob", "1809-02-28", "dob: not a date"},
		{vaccinationJSON, "dob", "2100-01-01", "dob: not a date"},
		{vaccinationJSON, "dob", "01.02.1964", "dob: not a date"},
		{vaccinationJSON, "dob", "1964-1-1", "dob: not a date"},
		{vaccinationJSON, "dob", "1964-01-01X", "dob: not a date"},
		{vaccinationJSON, "nam/fnt", "Doe", "nam/fnt: characters other"},
		{vaccinationJSON, "nam/gnt", "JANE DOE", "nam/gnt: characters other"},
		{vaccinationJSON, "nam/fn", long, "nam/fn: longer than 80"},
		{vaccinationJSON, "nam/gn", long, "nam/gn: longer than 80"},
		{vaccinationJSON, "nam/fnt", strings.Repeat("X", 81), "nam/fnt: longer than 80"},
		{vaccinationJSON, "nam/gnt", strings.Repeat("X", 81), "nam/gnt: longer than 80"},
		{vaccinationJSON, "v/0/dn", 0, "v/0/dn: missing or below 1"},
		{vaccinationJSON, "v/0/sd", -1, "v/0/sd: missing or below 1"},
		{vaccinationJSON, "v/0/dt", "2021-06-31", "v/0/dt: not a date"},
		{vaccinationJSON, "v/0/dt", "2021", "v/0/dt: not a date"},
		{vaccinationJSON, "v/0/co", "", "v/0/co: no letter"},
		{vaccinationJSON, "v/0/co", "nl", "v/0/co: no letter"},
		{vaccinationJSON, "v/0/is", long, "v/0/is: longer than 80"},
		{vaccinationJSON, "v/0/ci", long, "v/0/ci: longer than 80"},
		{vaccinationJSON, "v/0/tg", "", "v/0/tg: missing or empty"},
		{vaccinationJSON, "v", []any{}, "v: empty"},
		{testJSON, "v", []any{}, "v: empty"},
		{testJSON, "t/0/sc", "2021-06-11", "t/0/sc: not a date and time"},
		{testJSON, "t/0/sc", "2021-06-11T17:30:00", "t/0/sc: not a date and time"},
		{testJSON, "t/0/nm", long, "t/0/nm: longer than 80"},
		{testJSON, "t/0/tc", long, "t/0/tc: longer than 80"},
		{recoveryJSON, "r/0/fr", "yesterday", "r/0/fr: not a date"},
		{recoveryJSON, "r/0/df", "2021-06-12T25:00:00Z", "r/0/df: not a date"},
		{recoveryJSON, "r/0/du", "2021-02-29", "r/0/du: not a date"},
	} {
		d := edit(t, c.doc, map[string]any{c.path: c.value})
		for name, err := range map[string]error{"default": CheckDCC(d), "strict": strict(d)} {
			require.ErrorIs(t, err, credential.ErrSchema, "%s: %s = %v", name, c.path, c.value)
			require.ErrorContains(t, err, "dcc: "+c.want, name)
		}
	}
}

// What the zero value lets pass and Strict does not, and from which version on
// nothing does.
func TestTolerated(t *testing.T) {
	long := strings.Repeat("X", 100)
	for _, c := range []struct {
		doc, path string
		value     any
		from      string // first version that refuses it in any case; "" for never
		want      string // of Strict
	}{
		{vaccinationJSON, "v/0/dt", "2021-03-09T00:00:00", "", "v/0/dt: not a date"},
		{recoveryJSON, "r/0/fr", "2022-01-01T00:00:00.000Z", "", "r/0/fr: not a date"},
		{vaccinationJSON, "dob", "1978-01-26T00:00:00", "", "dob: not a date"},
		{vaccinationJSON, "nam/fn", long, "1.3.0", "nam/fn: longer than 50"},
		{vaccinationJSON, "nam/fnt", long, "1.3.0", "nam/fnt: longer than 50"},
		{vaccinationJSON, "nam/fnt", "Doe", "1.3.0", "nam/fnt: characters"},
		{vaccinationJSON, "v/0/ci", long, "1.3.0", "v/0/ci: longer than 50"},
		{testJSON, "t/0/tc", long, "1.3.0", "t/0/tc: longer than 50"},
		{testJSON, "t/0/co", "", "1.3.0", "t/0/co: no letter"},
	} {
		for _, ver := range []string{"1.0.0", "1.2.1", "1.3.0", "1.3.3"} {
			d := edit(t, c.doc, map[string]any{"ver": ver, c.path: c.value})
			require.Error(t, strict(d), "%s %s", ver, c.path)
			if ver < "1.3" {
				require.ErrorContains(t, strict(d), c.want)
			}
			if c.from == "" || ver < c.from {
				require.NoError(t, CheckDCC(d), "%s %s", ver, c.path)
			} else {
				require.Error(t, CheckDCC(d), "%s %s", ver, c.path)
			}
		}
	}
	for _, doc := range kinds() {
		null := map[string]any{}
		for _, g := range []string{"v", "t", "r"} {
			if !strings.Contains(doc, `"`+g+`":[`) {
				null[g] = nil
			}
		}
		require.NoError(t, CheckDCC(edit(t, doc, null)))
	}
}

func TestVersionsDiffer(t *testing.T) {
	both := func(d *hcert.DCC) [2]bool { return [2]bool{CheckDCC(d) == nil, strict(d) == nil} }
	yes, no, only := [2]bool{true, true}, [2]bool{false, false}, [2]bool{true, false}
	for _, c := range []struct {
		what  string
		doc   string
		edits map[string]any
		want  map[string][2]bool
	}{
		{"birth date empty", vaccinationJSON, map[string]any{"dob": ""}, map[string][2]bool{"1.0.0": no, "1.2.1": no, "1.3.0": yes, "1.3.3": yes}},
		{"birth date partial", vaccinationJSON, map[string]any{"dob": "1964-01"}, map[string][2]bool{"1.0.0": only, "1.1.0": yes, "1.3.0": yes}},
		{"birth month unknown", vaccinationJSON, map[string]any{"dob": "1963-00"}, map[string][2]bool{"1.0.0": only, "1.1.0": yes, "1.3.0": yes}},
		{"ten doses", vaccinationJSON, map[string]any{"v/0/dn": 10}, map[string][2]bool{"1.0.0": no, "1.2.1": no, "1.3.0": yes}},
		{"no testing centre", testJSON, map[string]any{"t/0/tc": drop}, map[string][2]bool{"1.0.0": no, "1.2.1": no, "1.3.0": yes}},
		{"empty testing centre", testJSON, map[string]any{"t/0/tc": ""}, map[string][2]bool{"1.0.0": yes, "1.3.0": yes}},
		{"empty result", testJSON, map[string]any{"t/0/tr": ""}, map[string][2]bool{"1.0.0": yes, "1.3.0": yes}},
		{"bad result date", testJSON, map[string]any{"t/0/dr": "x"}, map[string][2]bool{"1.0.0": no, "1.1.0": yes, "1.3.0": yes}},
		{"long test name", testJSON, map[string]any{"t/0/nm": strings.Repeat("x", 81)}, map[string][2]bool{"1.0.0": yes, "1.2.1": yes, "1.3.0": no}},
		{"60 characters", vaccinationJSON, map[string]any{"v/0/is": strings.Repeat("x", 60)}, map[string][2]bool{"1.2.1": only, "1.3.0": yes}},
		{"no standard surname", vaccinationJSON, map[string]any{"nam/fnt": drop}, map[string][2]bool{"1.0.0": only, "1.3.1": only, "1.3.2": yes, "1.4.0": yes}},
	} {
		for ver, want := range c.want {
			c.edits["ver"] = ver
			require.Equal(t, want, both(edit(t, c.doc, c.edits)), "%s in %s", c.what, ver)
		}
	}
}

func TestOneStatement(t *testing.T) {
	v, r := edit(t, vaccinationJSON, nil), edit(t, recoveryJSON, nil)
	for _, ver := range []string{"1.0.0", "1.2.1", "1.3.0"} {
		d := *v
		d.Version, d.Recoveries = ver, r.Recoveries
		require.ErrorContains(t, CheckDCC(&d), "dcc: v, t, r: more than one of them", ver)
		d.Recoveries = nil
		d.Vaccinations = append(d.Vaccinations[:1:1], d.Vaccinations[0])
		if ver == "1.3.0" {
			require.ErrorContains(t, CheckDCC(&d), "dcc: v: more than one entry")
			continue
		}
		require.NoError(t, CheckDCC(&d), ver)
		d.Vaccinations[1].Date = "no"
		require.ErrorContains(t, CheckDCC(&d), "dcc: v/1/dt: not a date", ver)
	}
}

func TestValueSetsAreChecked(t *testing.T) {
	sets := Health{ValueSets: true}
	for path, doc := range map[string]string{
		"v/0/tg": vaccinationJSON, "v/0/vp": vaccinationJSON, "v/0/mp": vaccinationJSON, "v/0/ma": vaccinationJSON, "v/0/co": vaccinationJSON,
		"t/0/tg": testJSON, "t/0/tt": testJSON, "t/0/tr": testJSON, "t/0/co": testJSON,
		"r/0/tg": recoveryJSON, "r/0/co": recoveryJSON,
	} {
		d := edit(t, doc, map[string]any{path: "OTHER"})
		require.NoError(t, CheckDCC(d), path)
		require.NoError(t, strict(d), path)
		require.ErrorContains(t, sets.dcc(d, zeroTime), "dcc: "+path+": not in the value set", path)
	}
	require.NoError(t, sets.dcc(edit(t, testJSON, map[string]any{"t/0/ma": "a new device"}), zeroTime), "the list of devices is not whole")
}
