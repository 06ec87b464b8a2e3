// Package jsonschema checks credentials against the JSON schemas that they name
// (Verifiable Credentials JSON Schema Specification).
//
// A credential names its schemas in credentialSchema. One of type JsonSchema is
// a document at a URL; one of type JsonSchemaCredential lies inside another
// credential, signed by whoever made it. Nothing is fetched: a [Checker] knows
// the schemas that it was made with, and a credential that names another can't
// be decided.
//
//	checker, err := jsonschema.New(map[string][]byte{
//		"https://health.example/schemas/card.json": card,
//	})
//	…
//	credential.Config{Schema: checker, …}       // a verifier
//	credential.IssuerConfig{Schema: checker, …} // an issuer
//
// Schemas come from whoever runs the program, never from a credential: a schema
// can be written so that checking takes long. What they are applied to may be
// hostile.
//
// Read are the drafts 2020-12, 2019-09 and 7. The word format is enforced in
// all of them, as the specification's examples have it, and patterns are those
// of Go: without look-around and back-references, in time that grows with the
// text alone.
package jsonschema

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/integrity"
	"github.com/sanad-credentials/sanad/internal/limits"
	"github.com/sanad-credentials/sanad/proof"
)

// The types of schema that a credential may name (sections 2.1 and 2.2).
const (
	Type           = "JsonSchema"
	CredentialType = "JsonSchemaCredential"
)

// ErrSchema says that a schema can't be used: it is no JSON, of another draft,
// refers to one that is not known, or has a pattern that Go does not know.
var ErrSchema = errors.New("unusable JSON schema")

// Checker checks credentials against their schemas. It implements
// [credential.SchemaChecker], is immutable and safe for concurrent use.
type Checker struct {
	documents   map[string]document
	credentials map[string]document
}

type document struct {
	url    string
	raw    []byte // nil: inside a credential
	schema *jsonschema.Schema
}

// New makes a Checker of schema documents, by the URLs that credentials name
// them by, and of schemas inside credentials. The latter are what a Verifier
// returned, so that they are verified, for an issuer whose schemas count; a
// schema credential goes by its id. Schemas may refer to each other.
//
// Each document has at most 1 MiB, and there are at most 1,024. The error wraps
// [ErrSchema] and tells which schema is wrong, and where.
func New(documents map[string][]byte, credentials ...*credential.Result) (*Checker, error) {
	if n := len(documents) + len(credentials); n > limits.JSONSchemas {
		return nil, fmt.Errorf("jsonschema: %d schemas, at most %d: %w", n, limits.JSONSchemas, ErrSchema)
	}
	c := &Checker{documents: map[string]document{}, credentials: map[string]document{}}
	compiler := newCompiler()
	urls := slices.Sorted(maps.Keys(documents))
	for _, url := range urls {
		raw := documents[url]
		if err := add(compiler, url, raw); err != nil {
			return nil, fmt.Errorf("jsonschema: %s: %w", url, err)
		}
		c.documents[url] = document{url: url, raw: slices.Clone(raw)}
	}
	for i, r := range credentials {
		id, raw, err := inside(r)
		if err == nil {
			if _, twice := c.credentials[id]; twice {
				err = fmt.Errorf("the same id twice: %w", ErrSchema)
			}
		}
		if err == nil {
			err = add(compiler, inner(i), raw)
		}
		if err != nil {
			return nil, fmt.Errorf("jsonschema: schema credential %d: %w", i, err)
		}
		c.credentials[id] = document{url: inner(i)}
	}
	// Only now, since they may refer to each other.
	for _, known := range []map[string]document{c.documents, c.credentials} {
		for id, d := range known {
			var err error
			if d.schema, err = compile(compiler, d.url); err != nil {
				return nil, err
			}
			known[id] = d
		}
	}
	return c, nil
}

// inner is the name under which the compiler knows the schema of a credential:
// one that no schema document has.
func inner(i int) string { return fmt.Sprintf("https://schema-credential.invalid/%d", i) }

// inside returns the id of a schema credential and the schema in it.
func inside(r *credential.Result) (id string, schema []byte, err error) {
	if r == nil || r.Credential == nil {
		return "", nil, fmt.Errorf("no result of a verification: %w", ErrSchema)
	}
	var doc struct {
		CredentialSubject struct {
			Type   any             `json:"type"`
			Schema json.RawMessage `json:"jsonSchema"`
		} `json:"credentialSubject"`
	}
	if err := r.Credential.Claims(&doc); err != nil {
		return "", nil, fmt.Errorf("not a credential with one subject: %w", ErrSchema)
	}
	t := doc.CredentialSubject.Type
	if list, ok := t.([]any); ok && len(list) == 1 {
		t = list[0]
	}
	switch {
	case r.Credential.ID == "":
		return "", nil, fmt.Errorf("a schema credential without id: %w", ErrSchema)
	case !slices.Contains(r.Credential.Types, CredentialType):
		return "", nil, fmt.Errorf("type: not %s: %w", CredentialType, ErrSchema)
	case t != Type:
		return "", nil, fmt.Errorf("credentialSubject.type: not %s: %w", Type, ErrSchema)
	case len(doc.CredentialSubject.Schema) == 0:
		return "", nil, fmt.Errorf("credentialSubject.jsonSchema: missing: %w", ErrSchema)
	}
	return r.Credential.ID, doc.CredentialSubject.Schema, nil
}

// CheckSchema checks a credential against every schema that it names; one that
// names none passes. It implements [credential.SchemaChecker].
//
// The error wraps [credential.ErrSchema] where the credential does not fit, or
// states a digest (digestSRI, digestMultibase) that the schema document does
// not have; it tells the places as JSON pointers, the rules broken, and no
// values. It wraps [proof.ErrUnavailable] where a schema is not known, or of
// another type than [Type] and [CredentialType].
func (c *Checker) CheckSchema(_ context.Context, cred *credential.Credential) error {
	if len(cred.Schemas) == 0 {
		return nil
	}
	var instance any
	if err := cred.Claims(&instance); err != nil {
		return fmt.Errorf("jsonschema: %w: the claims are not JSON", credential.ErrSchema)
	}
	var undecided error
	for i, ref := range cred.Schemas {
		err := c.check(ref, instance)
		switch {
		case err == nil:
		case !errors.Is(err, proof.ErrUnavailable):
			return fmt.Errorf("jsonschema: credentialSchema %d: %w", i, err)
		case undecided == nil:
			undecided = fmt.Errorf("jsonschema: credentialSchema %d: %w", i, err)
		}
	}
	return undecided
}

func (c *Checker) check(ref credential.SchemaRef, instance any) error {
	known := c.documents
	switch ref.Type {
	case Type:
	case CredentialType:
		known = c.credentials
	default:
		return fmt.Errorf("a schema of another type: %w", proof.ErrUnavailable)
	}
	d, ok := known[ref.ID]
	if !ok {
		return fmt.Errorf("not among the schemas known: %w", proof.ErrUnavailable)
	}
	for _, o := range naming(instance, ref.ID) {
		if err := digests(o, d.raw); err != nil {
			return err
		}
	}
	return validate(d.schema, instance)
}

// naming returns the members of credentialSchema that name a schema.
func naming(instance any, id string) (out []map[string]any) {
	doc, _ := instance.(map[string]any)
	all, ok := doc["credentialSchema"].([]any)
	if !ok {
		all = []any{doc["credentialSchema"]}
	}
	for _, e := range all {
		if o, ok := e.(map[string]any); ok && o["id"] == id {
			out = append(out, o)
		}
	}
	return out
}

// digests checks what a credential states of the schema's bytes (section 4.1;
// VC Data Model 2.0, section 5.3).
func digests(ref map[string]any, raw []byte) error {
	var all []integrity.Digest
	for name, parse := range map[string]func(string) ([]integrity.Digest, error){"digestSRI": integrity.ParseSRI, "digestMultibase": multibase} {
		for _, s := range texts(ref[name]) {
			ds, err := parse(s)
			if err != nil {
				return fmt.Errorf("%s: %w: %w", name, credential.ErrSchema, err)
			}
			all = append(all, ds...)
		}
	}
	for _, d := range all {
		switch {
		case raw == nil:
			return fmt.Errorf("the digest of a schema credential is not checked: %w", proof.ErrUnavailable)
		case !d.Known():
			return fmt.Errorf("a digest of an unknown kind: %w", proof.ErrUnavailable)
		case !d.Fits(raw):
			return fmt.Errorf("%w: the schema has another digest than the credential states", credential.ErrSchema)
		}
	}
	return nil
}

func multibase(s string) ([]integrity.Digest, error) {
	d, err := integrity.ParseMultibase(s)
	return []integrity.Digest{d}, err
}

// texts reads a string or an array of them; whatever else there is becomes a
// text that is no digest.
func texts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		out := make([]string, len(v))
		for i, e := range v {
			out[i], _ = e.(string)
		}
		return out
	case string:
		return []string{v}
	}
	return []string{""}
}
