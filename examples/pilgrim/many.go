package main

import (
	"bufio"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/credential/report"
)

// many issues and verifies a season's worth of cards on all cores, through a
// file with one on each line, and says how fast beside what the bare signatures
// cost. Memory does not grow with their number, but for the ministry's register.
func many(ctx context.Context, t *teller, m *ministry, f files, o options, stderr io.Writer) error {
	cores := runtime.GOMAXPROCS(0)
	t.chapter("5. The same for %d pilgrims, on %d cores", o.many, cores)
	name := f.path("many.txt")
	start := time.Now()
	if err := issueMany(ctx, m, o, name, newProgress(o, "issuing", stderr)); err != nil {
		return fmt.Errorf("issuing many: %w", err)
	}
	issuing := rate(o.many, time.Since(start))
	post, err := openBorder(f.trustList(), f.withdrawn(), f.statusList(), o.trustKey)
	if err != nil {
		return err
	}
	start = time.Now()
	if err := verifyMany(ctx, post, o, name, newProgress(o, "verifying", stderr)); err != nil {
		return fmt.Errorf("verifying many: %w", err)
	}
	verifying := rate(o.many, time.Since(start))
	signing, checking, err := floor(m.signer.Key)
	if err != nil {
		return fmt.Errorf("measuring bare signatures: %w", err)
	}
	t.say("   issued    %7.0f a second   (the signature alone: %7.0f)", issuing, signing)
	t.say("   verified  %7.0f a second   (the signature alone: %7.0f)", verifying, checking)
	t.say("   Each is a line of %s.", name)
	return nil
}

func rate(n int, d time.Duration) float64 { return float64(n) / max(d.Seconds(), 1e-9) }

// newProgress makes a bar, or nil where none is to be shown.
func newProgress(o options, what string, w io.Writer) *progressbar.ProgressBar {
	if !o.progress {
		return nil
	}
	return progressbar.NewOptions(o.many, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish())
}

// tick counts one more. A bar that can't be drawn is no reason to stop.
func tick(bar *progressbar.ProgressBar) {
	if bar != nil {
		_ = bar.Add(1)
	}
}

func issueMany(ctx context.Context, m *ministry, o options, name string, bar *progressbar.ProgressBar) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	out := bufio.NewWriter(file)
	for card := range m.certificates.IssueAll(ctx, drafts(m, o.many)) {
		if card.Err != nil {
			return fmt.Errorf("%s: %w", card.Draft.ID, card.Err)
		}
		if _, err := fmt.Fprintf(out, "%s\n", card.Raw); err != nil {
			return err
		}
		tick(bar)
	}
	return errors.Join(out.Flush(), ctx.Err())
}

// drafts are made as they are issued, each with its own serial number.
func drafts(m *ministry, n int) iter.Seq[*credential.Draft] {
	return func(yield func(*credential.Draft) bool) {
		for i := range n {
			p := numbered(i + 1)
			if !yield(p.certificate(m.code, m.authority, p.Doses[0], issued, expires)) {
				return
			}
		}
	}
}

func verifyMany(ctx context.Context, post *border, o options, name string, bar *progressbar.ProgressBar) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cards := make(chan []byte, 64)
	var valid atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for raw := range cards {
				if r := report.New(post.verifier.Verify(ctx, raw, policy)); r.Verdict != report.Valid {
					cancel(fmt.Errorf("a card is %s: %v", r.Verdict, r.Reasons))
					continue
				}
				valid.Add(1)
				tick(bar)
			}
		})
	}
	lines := bufio.NewScanner(file)
	for lines.Scan() && ctx.Err() == nil {
		cards <- append([]byte(nil), lines.Bytes()...)
	}
	close(cards)
	workers.Wait()
	if err := errors.Join(lines.Err(), context.Cause(ctx)); err != nil {
		return err
	}
	if n := valid.Load(); n != int64(o.many) {
		return fmt.Errorf("%d of %d cards are valid", n, o.many)
	}
	return nil
}

// floor measures what no program of this kind can be faster than: how many
// signatures of this key all cores make, and check, in a second.
func floor(key crypto.Signer) (signing, checking float64, err error) {
	public, ok := key.Public().(*ecdsa.PublicKey)
	if !ok {
		return 0, 0, errors.New("not an ECDSA key")
	}
	digest := sha256.Sum256([]byte("a card"))
	sig, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return 0, 0, err
	}
	signing, err = perSecond(func() error {
		_, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	checking, err = perSecond(func() error {
		if !ecdsa.VerifyASN1(public, digest[:], sig) {
			return errors.New("a good signature does not verify")
		}
		return nil
	})
	return signing, checking, err
}

// perSecond runs f on all cores for a moment.
func perSecond(f func() error) (float64, error) {
	const moment = 250 * time.Millisecond
	var count atomic.Int64
	var failed atomic.Pointer[error]
	var workers sync.WaitGroup
	start := time.Now()
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for time.Since(start) < moment {
				if err := f(); err != nil {
					failed.Store(&err)
					return
				}
				count.Add(1)
			}
		})
	}
	workers.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return rate(int(count.Load()), time.Since(start)), nil
}
