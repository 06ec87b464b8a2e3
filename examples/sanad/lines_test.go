package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func quoted(t testing.TB, s string) string {
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	return string(raw)
}

func TestLinesJSON(t *testing.T) {
	c := newCountry(t)
	card := quoted(t, content(t, c.card)) // with its line end
	w3c := strings.TrimSpace(content(t, c.w3c(t, "urn:uuid:1")))
	now := time.Now().Add(time.Hour).UTC()
	cases := []struct{ line, id, verdict, code string }{
		{`{"id":"a","input":` + card + `}`, `"a"`, "valid", ""},
		{`{"id":7,"input":` + card + `,"at":"` + now.Format(time.RFC3339) + `"}`, `7`, "valid", ""},
		{`{"id":"b","input":` + card + `,"at":"` + now.Format("2006-01-02T15:04:05+0000") + `"}`, `"b"`, "valid", ""},
		{`{"id":"c","input":` + card + `,"at":"` + now.Format("2006-01-02T15:04:05.999999") + `"}`, `"c"`, "valid", ""},
		{`{"id":"d","input":` + card + `,"at":"2021-05-30T13:38:49.822623"}`, `"d"`, "refused", "time.not_yet"},
		{`{"id":"e","input":` + w3c + `}`, `"e"`, "valid", ""},
		{`{"id":"f","input":` + quoted(t, w3c) + `}`, `"f"`, "valid", ""},
		{`{"id":"g","input":` + card + `,"at":"yesterday"}`, `"g"`, "refused", "format.malformed"},
		{`{"id":"h","input":` + card + `,"at":5}`, `9`, "refused", "format.malformed"},
		{`{"id":"i"}`, `"i"`, "refused", "format.malformed"},
		{`{"id":"j","input":5}`, `"j"`, "refused", "format.malformed"},
		{`{"id":"k","input":""}`, `"k"`, "refused", "format.unknown"},
		{`{"id":{},"input":` + card + `}`, `13`, "refused", "format.malformed"},
		{`{"id":"` + strings.Repeat("x", 2000) + `","input":` + card + `}`, `14`, "refused", "format.malformed"},
		{`{"input":` + card + `}`, `15`, "valid", ""},
		{`Siti Rahman`, `16`, "refused", "format.malformed"},
		{`[]`, `17`, "refused", "format.malformed"},
		{strings.Repeat("[", 100_000), `18`, "refused", "format.malformed"},
		{`{"id":"l","input":` + card + `}`, `"l"`, "valid", ""},
	}
	var in strings.Builder
	for _, test := range cases {
		in.WriteString(test.line + "\n")
	}
	r := sanadIn(strings.NewReader(in.String()), "verify", "--trust", "pem:"+c.certs, "--trust", "did:"+c.did, "--lines=json")
	require.Equal(t, 1, r.status)
	lines := strings.Split(strings.TrimSpace(r.stdout), "\n")
	require.Len(t, lines, len(cases))
	for i, test := range cases {
		require.True(t, strings.HasPrefix(lines[i], `{"id":`+test.id+`,"v":1,"verdict":"`+test.verdict+`"`), "%d: %s", i+1, lines[i])
		require.Contains(t, lines[i], test.code)
		require.True(t, test.verdict == "valid" || !strings.Contains(lines[i], "Siti"))
	}
}

func TestLinesPlain(t *testing.T) {
	c := newCountry(t)
	card := strings.TrimSpace(content(t, c.card))
	verify := []string{"verify", "--trust", "pem:" + c.certs, "--lines"}
	r := sanadIn(strings.NewReader(card+"\r\n\nhello\n"+strings.Repeat("A", maxLine+1)+"\n"+card), verify...)
	require.Equal(t, 1, r.status)
	require.Regexp(t, `^1  valid  vaccination  Signer \(XX\), as XX  until \S+
3  refused  format.unknown
4  refused  format.malformed
5  valid  vaccination  Signer \(XX\), as XX  until \S+
$`, r.stdout)
	r = sanadIn(strings.NewReader(strings.Repeat("A", maxLine+1)), append(verify, "--json")...)
	require.Equal(t, []string{"format.malformed"}, reports(t, r.stdout)[0].codes(), "the last line, without its end")
	r = sanad(append(verify, c.card, c.card)...)
	require.Contains(t, r.stdout, c.card+":1  valid")
	require.Empty(t, sanadIn(strings.NewReader("\n\n"), verify...).stdout)
	require.Equal(t, 2, sanad(append(verify, c.dir+"/none")...).status)
}

func TestLinesKeepTheirOrder(t *testing.T) {
	c := newCountry(t)
	card := quoted(t, strings.TrimSpace(content(t, c.card)))
	var in strings.Builder
	const n = 500
	for i := range n {
		input := card
		if i%3 == 0 {
			input = `"x"`
		}
		fmt.Fprintf(&in, "{\"id\":%d,\"input\":%s}\n", i, input)
	}
	got := reports(t, sanadIn(strings.NewReader(in.String()), "verify", "--trust", "pem:"+c.certs, "--lines=json").stdout)
	require.Len(t, got, n)
	for i, r := range got {
		require.EqualValues(t, i, r.ID)
		require.Equal(t, i%3 == 0, r.Verdict == "refused")
	}
}

// Who feeds one line gets its report before the next.
func TestLinesAnswerOneByOne(t *testing.T) {
	c := newCountry(t)
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	done := make(chan int)
	go func() {
		status := run(t.Context(), []string{"verify", "--trust", "pem:" + c.certs, "--lines=json"}, inR, outW, io.Discard)
		_ = outW.Close()
		done <- status
	}()
	dec := json.NewDecoder(outR)
	for i := range 3 {
		_, err := fmt.Fprintf(inW, "{\"id\":%d,\"input\":%s}\n", i, quoted(t, content(t, c.card)))
		require.NoError(t, err)
		var r reportOf
		require.NoError(t, dec.Decode(&r))
		require.EqualValues(t, i, r.ID)
	}
	require.NoError(t, inW.Close())
	require.Equal(t, 0, <-done)
}

// An input that breaks off leaves those after it undecided.
func TestLinesOfABrokenInput(t *testing.T) {
	c := newCountry(t)
	in := io.MultiReader(strings.NewReader(content(t, c.card)), errReader{})
	r := sanadIn(in, "verify", "--trust", "pem:"+c.certs, "--lines")
	require.Equal(t, 2, r.status)
	require.Contains(t, r.stdout, "1  valid")
	require.Contains(t, r.stderr, "broken")
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{`{"id":"a","input":"HC1:","at":"2021-05-30T13:38:49.822623"}`, `{"id":1,"input":{}}`, `{`, `{"id":"\u0000"}`, `null`, `{"input":""}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		in, err := parseLine(line)
		if err == nil && !json.Valid(line) {
			t.Fatal("a line that is no JSON")
		}
		if in.id != nil && !json.Valid(in.id) {
			t.Fatal("an id that is no JSON")
		}
	})
}

func FuzzEachLine(f *testing.F) {
	f.Add("a\nb\r\n\nc")
	f.Add("\xef\xbb\xbfa")
	f.Add("\xd2\n\nb")
	f.Fuzz(func(t *testing.T, in string) {
		last := 0
		err := eachLine(strings.NewReader(in), func(n int, line []byte, err error) bool {
			if n <= last || err != nil || len(line) == 0 || strings.Contains(string(line), "\n") {
				t.Fatalf("line %d after %d: %q, %v", n, last, line, err)
			}
			last = n
			return true
		})
		if err != nil || last > strings.Count(in, "\n")+1 {
			t.Fatal(last, err)
		}
	})
}
