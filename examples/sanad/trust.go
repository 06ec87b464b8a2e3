package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/sanad-credentials/sanad/trustlist"
	"github.com/sanad-credentials/sanad/trustlist/gdhcn"
)

type trustShowCmd struct {
	trustFlags `embed:""`
	Root       string  `placeholder:"ROOT.json" help:"network: a root that you trust."`
	Time       *moment `placeholder:"RFC3339" help:"When the keys are judged; now without it."`
	Strict     bool    `help:"Leave out document signers that no signing authority of their state has issued."`
	JSON       bool    `name:"json" help:"Write JSON."`

	List source `arg:"" placeholder:"KIND:PATH" help:"The list, as for 'verify --trust'."`
}

// listView is a trust list for people and scripts.
type listView struct {
	Lists         []listInfo    `json:"lists"`
	Authenticated bool          `json:"authenticated"` // by a --trust-key, or its network's members
	Contexts      []contextView `json:"contexts"`      // given by --context
	Entries       []entryView   `json:"entries"`
	Skipped       []skippedView `json:"skipped"`
}

type listInfo struct {
	Name    string    `json:"name"`
	Issued  time.Time `json:"issued,omitzero"`
	Expires time.Time `json:"expires,omitzero"`
}

type entryView struct {
	Authority string           `json:"authority"`
	Territory string           `json:"territory,omitempty"`
	Names     []string         `json:"names"`
	Types     []string         `json:"types"`
	Roles     []trustlist.Role `json:"roles"`
	Keys      []keyView        `json:"keys"`
}

type keyView struct {
	ID         string    `json:"id"`
	Algorithms []string  `json:"algorithms"`
	NotBefore  time.Time `json:"notBefore,omitzero"`
	NotAfter   time.Time `json:"notAfter,omitzero"`
	State      string    `json:"state"` // current, expired, not yet
}

type skippedView struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	Kept   bool   `json:"kept"`
}

// Run shows the list.
func (c *trustShowCmd) Run(e *env) error {
	if err := c.usage([]source{c.List}); err != nil {
		return err
	}
	check := gdhcn.AuthorityChecked
	if c.Strict {
		check = gdhcn.AuthorityRequired
	}
	at := e.now()
	if c.Time != nil {
		at = c.Time.Time
	}
	r, err := c.reader(e, check, &networkTrust{root: c.Root, at: at})
	if err != nil {
		return err
	}
	l, err := e.load(c.List, r)
	if err != nil {
		return err
	}
	v := view(l, at)
	v.Contexts = append(v.Contexts, r.contexts...)
	if c.JSON {
		return writeIndented(e.stdout, v)
	}
	return v.table(e.stdout)
}

func view(l loaded, at time.Time) listView {
	v := listView{Authenticated: l.signed, Lists: []listInfo{}, Contexts: []contextView{}, Entries: []entryView{}, Skipped: []skippedView{}}
	for _, i := range l.list.Infos() {
		v.Lists = append(v.Lists, listInfo{i.Name, i.Issued.UTC(), i.Expires.UTC()})
	}
	for _, x := range l.list.Entries() {
		entry := entryView{x.Authority, x.Territory, x.Names, x.Types, x.Roles, []keyView{}}
		for _, k := range x.Keys {
			kv := keyView{ID: k.ID, NotBefore: k.NotBefore.UTC(), NotAfter: k.NotAfter.UTC(), State: "current"}
			for _, a := range k.Algorithms {
				kv.Algorithms = append(kv.Algorithms, string(a))
			}
			switch {
			case !k.NotAfter.IsZero() && at.After(k.NotAfter):
				kv.State = "expired"
			case at.Before(k.NotBefore):
				kv.State = "not yet"
			}
			entry.Keys = append(entry.Keys, kv)
		}
		v.Entries = append(v.Entries, entry)
	}
	for _, s := range l.skipped {
		v.Skipped = append(v.Skipped, skippedView{s.ID, s.Reason.Error(), s.Kept})
	}
	return v
}

func (v listView) table(out io.Writer) error {
	for _, l := range v.Lists {
		fmt.Fprintf(out, "list     %s\nissued   %s\nexpires  %s\n", printable(l.Name), orNever(l.Issued), orNever(l.Expires))
	}
	fmt.Fprintf(out, "signed   %s\n", signedText(v.Authenticated))
	for _, c := range v.Contexts {
		fmt.Fprintf(out, "context  %s, sha256 %s\n", printable(c.URL), c.SHA256)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nAUTHORITY\tNAMES\tROLES\tTYPES\tKEY\tALGORITHMS\tFROM\tUNTIL\tSTATE")
	for _, x := range v.Entries {
		roles := make([]string, len(x.Roles))
		for i, r := range x.Roles {
			roles[i] = string(r)
		}
		row := strings.Join([]string{printable(x.Authority), printable(orAny(x.Names)), strings.Join(roles, ","), orAny(x.Types)}, "\t")
		if len(x.Keys) == 0 {
			fmt.Fprintf(w, "%s\t(by name)\t\t\t\t\n", row)
		}
		for _, k := range x.Keys {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", row, printable(k.ID), strings.Join(k.Algorithms, ","), dateOf(k.NotBefore), dateOf(k.NotAfter), k.State)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(v.Skipped) > 0 {
		fmt.Fprintln(out, "\nNot taken, or taken with a remark:")
	}
	for _, s := range v.Skipped {
		kept := "skipped"
		if s.Kept {
			kept = "kept"
		}
		fmt.Fprintf(out, "  %-8s %s: %s\n", kept, printable(s.ID), printable(s.Reason))
	}
	return nil
}

func signedText(signed bool) string {
	if signed {
		return "by one of the keys given"
	}
	return "NOT CHECKED"
}

func orAny(s []string) string {
	if s == nil {
		return "any"
	}
	return strings.Join(s, ",")
}

func orNever(t time.Time) string {
	if t.IsZero() {
		return "not stated"
	}
	return t.Format(time.RFC3339)
}

func dateOf(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}
