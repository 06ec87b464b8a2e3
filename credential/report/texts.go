package report

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

//go:embed texts.json
var textsJSON []byte

// languages of texts.json, by ISO 639-1.
var languages = [...]string{"en", "ar", "fr", "id", "ur"}

// texts are read once, when first asked for. A fault in the embedded file is
// a fault of the build, which the tests find.
var texts = sync.OnceValue(func() []map[string]string {
	var all []map[string]string
	if json.Unmarshal(textsJSON, &all) != nil {
		return nil
	}
	return all
})

// Languages are the languages of [Text] as ISO 639-1 codes.
func Languages() []string { return slices.Clone(languages[:]) }

// Codes are the codes that a [Reason] can have: a closed list.
func Codes() []string {
	codes := make([]string, 0, len(texts()))
	for _, t := range texts() {
		codes = append(codes, t["code"])
	}
	return codes
}

// Text says a code of [Codes] to the person who checks credentials: a sentence
// on what is wrong and one on what to do. lang is a language tag, of which the
// first part counts ("ar" and "ar-SA" are the same, BCP 47, section 2.1); one
// that is not among [Languages] gives English. An unknown code gives "".
func Text(code, lang string) string {
	lang, _, _ = strings.Cut(lang, "-")
	lang = strings.ToLower(lang)
	if !slices.Contains(languages[:], lang) {
		lang = "en"
	}
	for _, t := range texts() {
		if t["code"] == code {
			return t[lang]
		}
	}
	return ""
}
