package rdfc

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// oracle follows the words of the recommendation with strings and maps, copies
// each issuer that it says to copy, tries every order of every list, also those
// that only swap a node with itself, and never gives up a path early. What it
// agrees on with Canonicalize does not depend on any of the shortcuts there.
type oracle struct {
	quads     map[string][]Quad
	canonical *issuer
}

type issuer struct {
	prefix string
	issued map[string]string
	order  []string
}

func (i *issuer) issue(existing string) string {
	if id, ok := i.issued[existing]; ok {
		return id
	}
	id := fmt.Sprint(i.prefix, len(i.order))
	i.issued[existing] = id
	i.order = append(i.order, existing)
	return id
}

func (i *issuer) clone() *issuer {
	return &issuer{i.prefix, maps.Clone(i.issued), slices.Clone(i.order)}
}

func newIssuer(prefix string) *issuer { return &issuer{prefix: prefix, issued: map[string]string{}} }

type oracleResult struct {
	hash   string
	issuer *issuer
}

func canonicalizeByTheWords(in []Quad) string {
	o := &oracle{quads: map[string][]Quad{}, canonical: newIssuer("c14n")}
	seen := map[Quad]bool{}
	for _, q := range in {
		if seen[q] {
			continue
		}
		seen[q] = true
		mentioned := map[string]bool{}
		for _, t := range []Term{q.Subject, q.Object, q.Graph} {
			if t.Kind == Blank && !mentioned[t.Value] {
				mentioned[t.Value] = true
				o.quads[t.Value] = append(o.quads[t.Value], q)
			}
		}
	}
	byHash := map[string][]string{}
	for _, n := range slices.Sorted(maps.Keys(o.quads)) {
		h := o.firstDegree(n)
		byHash[h] = append(byHash[h], n)
	}
	for _, h := range slices.Sorted(maps.Keys(byHash)) {
		if len(byHash[h]) == 1 {
			o.canonical.issue(byHash[h][0])
			delete(byHash, h)
		}
	}
	for _, h := range slices.Sorted(maps.Keys(byHash)) {
		var results []oracleResult
		for _, n := range byHash[h] {
			if o.canonical.issued[n] != "" {
				continue
			}
			temporary := newIssuer("b")
			temporary.issue(n)
			results = append(results, o.nDegree(n, temporary))
		}
		sort.SliceStable(results, func(i, j int) bool { return results[i].hash < results[j].hash })
		for _, r := range results {
			for _, n := range r.issuer.order {
				o.canonical.issue(n)
			}
		}
	}
	var lines []string
	for q := range seen {
		lines = append(lines, line(q, func(label string) string { return o.canonical.issued[label] }))
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// line writes q with other labels.
func line(q Quad, label func(string) string) string {
	for _, t := range []*Term{&q.Subject, &q.Object, &q.Graph} {
		if t.Kind == Blank {
			t.Value = label(t.Value)
		}
	}
	out, err := AppendQuad(nil, q)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (o *oracle) firstDegree(n string) string {
	var lines []string
	for _, q := range o.quads[n] {
		lines = append(lines, line(q, func(label string) string {
			if label == n {
				return "a"
			}
			return "z"
		}))
	}
	sort.Strings(lines)
	return digest(strings.Join(lines, ""))
}

func (o *oracle) related(related string, q Quad, i *issuer, position string) string {
	input := position
	if position != "g" {
		input += "<" + q.Predicate.Value + ">"
	}
	if id := o.canonical.issued[related]; id != "" {
		input += "_:" + id
	} else if id := i.issued[related]; id != "" {
		input += "_:" + id
	} else {
		input += o.firstDegree(related)
	}
	return digest(input)
}

func (o *oracle) nDegree(n string, i *issuer) oracleResult {
	related := map[string][]string{}
	for _, q := range o.quads[n] {
		for position, t := range map[string]Term{"s": q.Subject, "o": q.Object, "g": q.Graph} {
			if t.Kind == Blank && t.Value != n {
				h := o.related(t.Value, q, i, position)
				related[h] = append(related[h], t.Value)
			}
		}
	}
	data := ""
	for _, h := range slices.Sorted(maps.Keys(related)) {
		data += h
		chosen, chosenIssuer := "", (*issuer)(nil)
		everyOrder(related[h], 0, func(p []string) {
			path, copied := o.path(p, i.clone())
			if chosen == "" || path < chosen {
				chosen, chosenIssuer = path, copied
			}
		})
		data += chosen
		i = chosenIssuer
	}
	return oracleResult{digest(data), i}
}

func (o *oracle) path(p []string, i *issuer) (string, *issuer) {
	path := ""
	var recursion []string
	for _, r := range p {
		if id := o.canonical.issued[r]; id != "" {
			path += "_:" + id
			continue
		}
		if i.issued[r] == "" {
			recursion = append(recursion, r)
		}
		path += "_:" + i.issue(r)
	}
	for _, r := range recursion {
		result := o.nDegree(r, i)
		path += "_:" + i.issue(r) + "<" + result.hash + ">"
		i = result.issuer
	}
	return path, i
}

func everyOrder(list []string, from int, visit func([]string)) {
	if from == len(list) {
		visit(list)
		return
	}
	for k := from; k < len(list); k++ {
		list[from], list[k] = list[k], list[from]
		everyOrder(list, from+1, visit)
		list[from], list[k] = list[k], list[from]
	}
}
