package main

import (
	"errors"

	"github.com/sanad-credentials/sanad/internal/jcs"
	"github.com/sanad-credentials/sanad/internal/jwk"
	"github.com/sanad-credentials/sanad/proof"
)

// withHolder returns the document with its holder in it, where the format has a
// place for that in the document: the claim cnf of an SD-JWT VC, the subject of a
// document that is not a token. Tokens get the key beside it.
func (c *issueCmd) withHolder(doc []byte, k *proof.Key) ([]byte, error) {
	v, err := jcs.Parse(doc)
	if err != nil || v.Kind() != jcs.Object || v.Len() == 0 {
		return doc, nil // for the format to say
	}
	switch c.Format {
	case formatSDJWTVC:
		if v.Member("cnf").Exists() {
			return nil, errors.New("the claims name a holder (cnf), and so does --holder")
		}
		cnf, err := jwk.Confirm(k.Public)
		if err != nil {
			return nil, err
		}
		return append(append(insert(v.Append(nil), "cnf"), cnf...), '}'), nil
	case formatVC, formatW3C, formatCOSE:
		return withSubject(v, k.Controllers[0])
	}
	return doc, nil
}

func withSubject(v jcs.Value, did string) ([]byte, error) {
	const name = "credentialSubject"
	subject := v.Member(name)
	if subject.Kind() != jcs.Object {
		return nil, errors.New("--holder: the document has not one subject")
	}
	switch id, _ := subject.Member("id").Text(); {
	case !subject.Member("id").Exists():
	case id == did:
		return v.Append(nil), nil
	default:
		return nil, errors.New("the document's subject is another than --holder")
	}
	out := append(insert(v.Append(nil, name), name), '{')
	out = jcs.Quote(append(out, `"id":`...), did)
	if subject.Len() > 0 {
		out = append(append(out, ','), subject.Append(nil)[1:]...)
	} else {
		out = append(out, '}')
	}
	return append(out, '}'), nil
}

// insert reopens an object to take a member more, whose value is to follow.
func insert(object []byte, name string) []byte {
	object = object[:len(object)-1]
	if len(object) > 1 {
		object = append(object, ',')
	}
	return append(jcs.Quote(object, name), ':')
}
