package main

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// request is a body that was read: one document, and options.
type request struct {
	document jcs.Value
	options  jcs.Value
}

// read reads a body whose member name is the document. Both it and the options,
// where there are any, are objects; other options than those of known are
// refused (VCALM: UNKNOWN_OPTION_PROVIDED), as what they ask for would not be
// done.
func read(r *http.Request, name string, known ...string) (*request, *reply) {
	body, fail := readJSON(r)
	if fail != nil {
		return nil, fail
	}
	q := &request{document: body.Member(name), options: body.Member("options")}
	if q.document.Kind() != jcs.Object {
		return nil, refused(refuse(http.StatusBadRequest, malformedError, fmt.Sprintf("%s: %s, not an object", name, q.document.Kind())))
	}
	if k := q.options.Kind(); k != jcs.Object && k != jcs.Absent && k != jcs.Null {
		return nil, refused(refuse(http.StatusBadRequest, malformedError, fmt.Sprintf("options: %s, not an object", k)))
	}
	for option := range q.options.Members() {
		if !slices.Contains(known, option) {
			return nil, refused(refuse(http.StatusBadRequest, unknownOption, "options: one that is not known here; these are: "+strings.Join(known, ", ")))
		}
	}
	return q, nil
}

// readJSON reads a body of at most 1 MiB strictly: one JSON object.
func readJSON(r *http.Request) (jcs.Value, *reply) {
	if !isJSON(r.Header.Get("Content-Type")) {
		return jcs.Value{}, refused(refuse(http.StatusUnsupportedMediaType, noType, "Content-Type: not application/json"))
	}
	if r.Header.Get("Content-Encoding") != "" {
		return jcs.Value{}, refused(refuse(http.StatusUnsupportedMediaType, noType, "Content-Encoding: none is read"))
	}
	b, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return jcs.Value{}, refused(refuse(http.StatusRequestEntityTooLarge, noType, fmt.Sprintf("more than the %d bytes that are read", limits.Credential)))
	}
	if err != nil {
		return jcs.Value{}, refused(refuse(http.StatusBadRequest, noType, "the body could not be read"))
	}
	v, err := jcs.Parse(b)
	if err != nil {
		return jcs.Value{}, refused(refuse(http.StatusBadRequest, parsingError, "body: "+err.Error()))
	}
	if v.Kind() != jcs.Object {
		return jcs.Value{}, refused(refuse(http.StatusBadRequest, malformedError, fmt.Sprintf("body: %s, not an object", v.Kind())))
	}
	return v, nil
}

func refused(r reply) *reply { return &r }

// isJSON reports whether a body of this Content-Type is read as JSON.
func isJSON(contentType string) bool {
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return false
	}
	return t == jsonType || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
}

// texts reads an option that is a string, or an array of them.
func (q *request) texts(name string) ([]string, *reply) {
	m := q.options.Member(name)
	wrong := func() ([]string, *reply) {
		return nil, refused(refuse(http.StatusBadRequest, malformedError, "options."+name+": not a string or an array of them"))
	}
	var out []string
	switch m.Kind() {
	case jcs.Absent, jcs.Null:
	case jcs.String:
		s, _ := m.Text()
		out = []string{s}
	case jcs.Array:
		for _, e := range m.Elements() {
			s, ok := e.Text()
			if !ok {
				return wrong()
			}
			out = append(out, s)
		}
	default:
		return wrong()
	}
	if slices.Contains(out, "") {
		return nil, refused(refuse(http.StatusBadRequest, malformedError, "options."+name+": empty"))
	}
	return out, nil
}

// text reads an option that is a string.
func (q *request) text(name string) (string, *reply) {
	all, fail := q.texts(name)
	if fail != nil {
		return "", fail
	}
	switch {
	case len(all) == 0:
		return "", nil
	case len(all) > 1 || q.options.Member(name).Kind() == jcs.Array:
		return "", refused(refuse(http.StatusBadRequest, malformedError, "options."+name+": not a string"))
	}
	return all[0], nil
}
