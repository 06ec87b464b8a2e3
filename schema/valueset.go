package schema

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"sync"
)

// valuesets.json is an array of sets; SOURCE.md says where each is from.
//
//go:embed valuesets.json
var valueSetsJSON []byte

// Set is a value set: codes with their names in English. It is immutable; a nil
// Set is empty.
type Set struct {
	name, version string
	codes         map[string]string
}

var valueSets = sync.OnceValue(func() map[string]*Set {
	var raw []struct {
		Name, Version string
		Codes         map[string]string
	}
	sets := map[string]*Set{}
	if json.Unmarshal(valueSetsJSON, &raw) != nil { // embedded, and read by a test
		return sets
	}
	for _, s := range raw {
		sets[s.Name] = &Set{s.Name, s.Version, s.Codes}
	}
	return sets
})

// ValueSet returns a value set by the name that CertLogic rules also use, nil
// where it is not known:
//
//	disease-agent-targeted           DCC tg
//	sct-vaccines-covid-19            DCC vp, kind of vaccine
//	vaccines-covid-19-names          DCC mp, product
//	vaccines-covid-19-auth-holders   DCC ma of a vaccination
//	covid-19-lab-test-type           DCC tt
//	covid-19-lab-result              DCC tr
//	covid-19-lab-test-manufacturer-and-name  DCC ma of a test; a sample of the list, never checked
//	country-2-codes                  DCC co
//	icvp-products                    ICVP vp: yellow fever, polio, meningococcal
//	icvp-diseases                    ICVP tg, ICD-11
func ValueSet(name string) *Set { return valueSets()[name] }

// ValueSets returns the names of all value sets, sorted.
func ValueSets() []string { return slices.Sorted(maps.Keys(valueSets())) }

// Name of the set.
func (s *Set) Name() string {
	if s == nil {
		return ""
	}
	return s.name
}

// Version of the set: the date that its source gives it, or the source's commit.
func (s *Set) Version() string {
	if s == nil {
		return ""
	}
	return s.version
}

// Has reports whether code is in the set.
func (s *Set) Has(code string) bool {
	if s == nil {
		return false
	}
	_, ok := s.codes[code]
	return ok
}

// Display returns the name of code in English, and the code itself where the
// set does not have it.
func (s *Set) Display(code string) string {
	if s != nil {
		if d, ok := s.codes[code]; ok {
			return d
		}
	}
	return code
}

// Codes returns all codes, sorted.
func (s *Set) Codes() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.codes))
}
