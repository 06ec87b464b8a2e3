package dataintegrity

import (
	"fmt"

	"github.com/sanad-credentials/sanad/internal/jcs"
)

// link returns for each proof the positions of those that it was made on top of
// (Data Integrity 1.0, section 4.5). Every one named must be there, once, and
// none can be before itself.
func link(proofs []Proof) ([][]int, error) {
	at := make(map[string]int, len(proofs))
	for i := range proofs {
		id := proofs[i].ID
		if id == "" {
			continue
		}
		if _, twice := at[id]; twice {
			return nil, fmt.Errorf("proof %d: id: that of another proof: %w", i, ErrMalformed)
		}
		at[id] = i
	}
	links := make([][]int, len(proofs))
	for i := range proofs {
		for _, id := range proofs[i].Previous {
			j, ok := at[id]
			if !ok {
				return nil, fmt.Errorf("proof %d: previousProof: no such proof: %w", i, ErrMalformed)
			}
			links[i] = append(links[i], j)
		}
	}
	// A proof whose every chain ends takes its turn; in a circle none does.
	ended := make([]bool, len(proofs))
	for range proofs {
		for i := range links {
			all := true
			for _, j := range links[i] {
				all = all && ended[j]
			}
			ended[i] = all
		}
	}
	for i := range ended {
		if !ended[i] {
			return nil, fmt.Errorf("proof %d: previousProof: a circle: %w", i, ErrMalformed)
		}
	}
	return links, nil
}

// secured appends the document as a proof signs it: in canonical form, with
// the proofs it was made on top of, or without any.
func secured(dst []byte, doc jcs.Value, previous []jcs.Value) []byte {
	if len(previous) == 0 {
		return doc.Append(dst, "proof")
	}
	dst = append(dst, '{')
	sep := ""
	for name, m := range doc.Members() {
		dst = append(jcs.Quote(append(dst, sep...), name), ':')
		sep = ","
		if name != "proof" {
			dst = m.Append(dst)
			continue
		}
		for i, p := range previous {
			dst = p.Append(append(dst, "[,"[min(i, 1)]))
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
