package jsonschema

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/internal/xsd"
)

// drafts are the versions of JSON Schema that are read (section 3), by what
// their documents say in $schema.
var drafts = [...]string{
	"https://json-schema.org/draft/2020-12/schema",
	"https://json-schema.org/draft/2019-09/schema",
	"http://json-schema.org/draft-07/schema",
}

// refusing is a loader that knows nothing: without one of its own, the library
// would read files.
type refusing struct{}

func (refusing) Load(string) (any, error) { return nil, errors.New("not among the schemas given") }

func newCompiler() *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.UseLoader(refusing{})
	c.AssertFormat()
	return c
}

// add gives the compiler a schema document. Its numbers become doubles, so that
// none takes more memory than its text.
func add(c *jsonschema.Compiler, url string, raw []byte) error {
	if len(raw) > limits.JSONSchema {
		return fmt.Errorf("%d bytes, at most %d are read: %w", len(raw), limits.JSONSchema, ErrSchema)
	}
	if !xsd.URL(url) {
		return fmt.Errorf("not an absolute URL: %w", ErrSchema)
	}
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return fmt.Errorf("not JSON: %w", ErrSchema)
	}
	o, ok := doc.(map[string]any)
	if !ok {
		return fmt.Errorf("not a JSON object: %w", ErrSchema)
	}
	draft, _ := o["$schema"].(string)
	if !slices.Contains(drafts[:], strings.TrimSuffix(draft, "#")) {
		return fmt.Errorf("$schema: missing, or of another draft than 2020-12, 2019-09 and 7: %w", ErrSchema)
	}
	if err := c.AddResource(url, doc); err != nil {
		return fmt.Errorf("%w: %w", ErrSchema, err)
	}
	return nil
}

func compile(c *jsonschema.Compiler, url string) (s *jsonschema.Schema, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("jsonschema: %s: can't be compiled: %w", url, ErrSchema)
		}
	}()
	s, err = c.Compile(url)
	if err != nil && badPattern(err) {
		return nil, fmt.Errorf("jsonschema: %s: a pattern that Go's regular expressions do not know (no look-around, no back-references): %w: %w", url, ErrSchema, err)
	}
	if err != nil {
		return nil, fmt.Errorf("jsonschema: %s: %w: %w", url, ErrSchema, err)
	}
	return s, nil
}

// badPattern reports whether a schema was refused for a regular expression.
func badPattern(err error) bool {
	var pattern *jsonschema.InvalidRegexError
	var schema *jsonschema.SchemaValidationError
	if errors.As(err, &schema) {
		err = schema.Err
	}
	var v *jsonschema.ValidationError
	return errors.As(err, &pattern) || errors.As(err, &v) && hasPattern(v)
}

func hasPattern(e *jsonschema.ValidationError) bool {
	k, ok := e.ErrorKind.(*kind.Format)
	return ok && k.Want == "regex" || slices.ContainsFunc(e.Causes, hasPattern)
}

// validate applies a schema and tells what is wrong without the values, which
// the library's own errors quote.
func validate(s *jsonschema.Schema, instance any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: the schema can't be applied", credential.ErrSchema)
		}
	}()
	err = s.Validate(instance)
	if err == nil {
		return nil
	}
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return fmt.Errorf("%w: the schema can't be applied", credential.ErrSchema)
	}
	var found []string
	faults(v, &found)
	slices.Sort(found) // members are visited in no order
	found = slices.Compact(found)
	more := ""
	if n := len(found) - limits.SchemaFaults; n > 0 {
		found, more = found[:limits.SchemaFaults], fmt.Sprintf("; and %d more", n)
	}
	return fmt.Errorf("%w: %s%s", credential.ErrSchema, strings.Join(found, "; "), more)
}

// faults lists the innermost reasons: where in the credential, and which word
// of the schema.
func faults(e *jsonschema.ValidationError, out *[]string) {
	for _, c := range e.Causes {
		faults(c, out)
	}
	if len(e.Causes) > 0 {
		return
	}
	where := "/" + strings.Join(escaped(e.InstanceLocation), "/")
	what := strings.Join(e.ErrorKind.KeywordPath(), "/")
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		what += " " + strings.Join(k.Missing, ", ") // the schema's words
	case *kind.FalseSchema:
		what = "not allowed"
	}
	*out = append(*out, short(where)+": "+short(what))
}

// escaped writes the segments of a JSON pointer (RFC 6901, section 3).
func escaped(path []string) []string {
	out := make([]string, len(path))
	for i, s := range path {
		out[i] = strings.NewReplacer("~", "~0", "/", "~1").Replace(s)
	}
	return out
}

// short cuts what a hostile credential may have made long.
func short(s string) string {
	if len(s) > limits.ReportText/4 {
		return strings.ToValidUTF8(s[:limits.ReportText/4], "") + "…"
	}
	return s
}
