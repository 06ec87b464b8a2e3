// Command pilgrim is Sanad's main job from end to end: a health card for a
// pilgrim, from the ministry that issues it to the border post that checks it.
//
//	go run ./examples/pilgrim            # from the root of the repository
//	go run ./examples/pilgrim -n 1000    # and then the same for 1000 pilgrims
//
// Indonesia, Oman and Malaysia share a signed list of the keys that their
// ministries of health sign with. Indonesia issues a card: a health certificate
// as a QR code for each vaccination (WHO's ICVP, one vaccination in each), the
// same as a W3C Verifiable Credential, and a page to print in English and
// Arabic. A border post then checks all of it with no network, no database and
// no clock: it has a folder of files and the one key that it was told to trust.
// What it must not accept follows, a card at a time.
//
// Nothing passes between the three but files, under out/pilgrim or where -out
// says:
//
//	card.html                 the card, to open and print (A6)
//	card.png, card.svg        its code for the meningitis vaccination
//	yellow-fever.png, .svg    its code for the yellow fever vaccination
//	card.json                 the card as a W3C credential
//	oman.png, oman.svg        the code of a pilgrim from Oman
//	border/                   all that the border post knows: the trust list,
//	                          the withdrawn cards, and a status list
//	border-outdated/          what a post knows that has not heard for weeks
//	wrong/                    the cards that must not be accepted
//	ministry/                 the ministry's own register
//	many.txt                  the cards of -n, one on a line
//
// The program checks itself: every verdict, and the reason for it, is compared
// with what it should be, and the exit status is 1 where one differs. The
// persons, keys and serial numbers are invented; anyone can make the same keys.
//
// Each character has a file: network.go, ministry.go and card.go, border.go,
// and wrong.go for those who cheat. many.go is for -n.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// The story happens at fixed times, so that it ends the same on every machine,
// whatever its clock. The pilgrimage of 1447 begins about 25 May 2026.
var (
	founded  = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)  // the states' keys
	issued   = time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)  // the card
	expires  = time.Date(2027, 5, 4, 8, 0, 0, 0, time.UTC)  // the card
	listed   = time.Date(2026, 5, 19, 0, 0, 0, 0, time.UTC) // the trust list
	reported = time.Date(2026, 5, 20, 0, 0, 0, 0, time.UTC) // withdrawn cards
	arrival  = time.Date(2026, 5, 20, 6, 30, 0, 0, time.UTC)
	outdated = time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC) // a list not renewed
)

type options struct {
	out      string
	trustKey string
	many     int
	progress bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program, for main and the tests. It returns the exit status:
// 0 where all is as it should be, 1 where not, 64 for wrong usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("pilgrim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.out, "out", filepath.Join("out", "pilgrim"), "write the files to this `folder`")
	flags.StringVar(&o.trustKey, "trust-key", "", "the `did:key` that the border post trusts to sign lists; the network's own without it")
	flags.IntVar(&o.many, "n", 0, "issue and verify this `number` of cards as well, and say how fast")
	flags.BoolVar(&o.progress, "progress", isTerminal(stderr), "show progress bars on standard error")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 64
	}
	if flags.NArg() > 0 || o.many < 0 {
		fmt.Fprintln(stderr, "pilgrim: it takes no arguments, and -n is not negative; -help shows the flags")
		return 64
	}
	t := &teller{w: stdout}
	if err := tell(ctx, t, o, stderr); err != nil {
		fmt.Fprintf(stderr, "pilgrim: not as it should be: %v\n", err)
		return 1
	}
	return 0
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// tell runs the story from the trust list to the last refusal.
func tell(ctx context.Context, t *teller, o options, stderr io.Writer) error {
	f := files{o.out}
	if err := f.make(); err != nil {
		return err
	}
	net, err := newNetwork()
	if err != nil {
		return err
	}
	if o.trustKey == "" {
		o.trustKey = net.did
	}
	t.say("Sanad: a pilgrim's health card, from the ministry to the border.")
	t.say("Every person, key and number in it is invented.")
	indonesia, err := openMinistry(net.State("ID"), f.ministry())
	if err != nil {
		return err
	}
	if err := join(ctx, t, net, f); err != nil {
		return err
	}
	if err := issue(ctx, t, indonesia, f); err != nil {
		return err
	}
	if err := visit(ctx, net, f); err != nil {
		return err
	}
	wrong, err := makeWrong(ctx, net, indonesia, f)
	if err != nil {
		return err
	}
	if err := announce(ctx, net, indonesia, f); err != nil {
		return err
	}
	if err := cross(ctx, t, f, o.trustKey, wrong); err != nil {
		return err
	}
	if o.many > 0 {
		if err := many(ctx, t, indonesia, f, o, stderr); err != nil {
			return err
		}
	}
	t.end(f, o.trustKey)
	return t.err
}

// teller writes the transcript and counts the verdicts.
type teller struct {
	w      io.Writer
	counts [3]int // accepted, refused, undecided
	err    error  // of the first line that could not be written
}

func (t *teller) say(format string, args ...any) {
	if _, err := fmt.Fprintf(t.w, format+"\n", args...); err != nil && t.err == nil {
		t.err = err
	}
}

// chapter begins a part of the story.
func (t *teller) chapter(format string, args ...any) { t.say("\n"+format, args...) }

// end says where things are, and how to check the card without this program.
func (t *teller) end(f files, trustKey string) {
	t.say("\nAll as it should be: %d accepted, %d refused, %d left undecided.", t.counts[0], t.counts[1], t.counts[2])
	t.say("The files are in %s. Open %s to see and print the card.", f.dir, f.path("card.html"))
	t.say("Check the card yourself, from the root of the repository:\n")
	t.say("go run ./examples/sanad verify --trust %s --trust-key %s --status %s --status-key %s --require-status --time %s %s",
		quote("snapshot:"+f.trustList()), trustKey, quote(f.withdrawn()), trustKey, arrival.Format(time.RFC3339), quote(f.path("card.png")))
}

// quote makes one word of s for a shell, where it is not one already.
func quote(s string) string {
	if !strings.ContainsAny(s, " \t'\"\\$&|;<>()*?[]#~`!{}") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
