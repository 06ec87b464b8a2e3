package main

import (
	"errors"
	"fmt"
	"io"
)

// The directions of a row.
const (
	oursToPeer    = "ours-to-peer"
	peerToOurs    = "peer-to-ours"
	changedToPeer = "changed-to-peer"
	changedToOurs = "changed-to-ours"
	compared      = "compared"
)

// tally counts the cases of rows and prints them.
type tally struct {
	out        io.Writer
	met, total int
}

// row is a suite in one direction.
type row struct {
	*tally
	suite, direction string
	met, total       int
	note             string // behind the numbers
	failures         []string
}

func (t *tally) row(suite, direction string) *row {
	return &row{tally: t, suite: suite, direction: direction}
}

// rows are those of a suite that both sides issue in.
type rows struct {
	there, back               *row // ours to the peer, and the peer's to us
	changedThere, changedBack *row
}

func (t *tally) rows(suite string) rows {
	return rows{t.row(suite, oursToPeer), t.row(suite, peerToOurs), t.row(suite, changedToPeer), t.row(suite, changedToOurs)}
}

func (r rows) print() {
	for _, r := range []*row{r.there, r.back, r.changedThere, r.changedBack} {
		r.print()
	}
}

// accepted counts a case that must pass.
func (r *row) accepted(name string, err error) {
	r.count(err == nil, name, err)
}

// refused counts a case that must be refused.
func (r *row) refused(name string, err error) {
	if err == nil {
		err = errors.New("accepted")
		r.count(false, name, err)
		return
	}
	r.count(true, name, nil)
}

func (r *row) count(ok bool, name string, err error) {
	r.total++
	if ok {
		r.met++
		return
	}
	r.failures = append(r.failures, fmt.Sprintf("%s: %v", name, err))
}

// print ends a row. One without cases has failed.
func (r *row) print() {
	verdict := "ok"
	if r.met < r.total || r.total == 0 {
		verdict = "FAILED"
	}
	fmt.Fprintf(r.out, "interop: %s %s %s %d/%d%s\n", r.suite, r.direction, verdict, r.met, r.total, r.note)
	for _, f := range r.failures {
		fmt.Fprintln(r.out, "  ", f)
	}
	r.tally.met += r.met
	r.tally.total += max(r.total, 1)
}

// close prints the sum and reports whether all went well.
func (t *tally) close() bool {
	fmt.Fprintf(t.out, "interop: %d/%d\n", t.met, t.total)
	return t.met == t.total
}
