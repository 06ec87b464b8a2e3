package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/sanad-credentials/sanad/credential"
	"github.com/sanad-credentials/sanad/internal/limits"
)

// maxLine holds any credential that Verify reads, as a JSON string in which
// every quotation mark is escaped.
const maxLine = 2*limits.Credential + 4096

// maxID is the longest id of a line, in bytes.
const maxID = 1024

var (
	errLong = fmt.Errorf("a line of more than %d bytes", maxLine)
	errLine = errors.New("the line is not {\"id\",\"input\",\"at\"}")
)

// lines verifies a credential in each line of an input. All cores work, a few
// lines ahead of the output, which keeps the order of the lines.
func (c *verifyCmd) lines(e *env, v *credential.Verifier, name string) (int, error) {
	in := e.stdin
	if name != stdio {
		f, err := os.Open(name)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		in = f
	}
	// When the output fails nobody waits for the reader, which may be blocked.
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	queue := make(chan chan named, 2*runtime.GOMAXPROCS(0))
	var readErr error // written before queue is closed
	go func() {
		defer close(queue)
		readErr = eachLine(in, func(n int, line []byte, err error) bool {
			slot := make(chan named, 1)
			select {
			case queue <- slot:
			case <-ctx.Done():
				return false
			}
			go func() { slot <- c.line(ctx, v, c.lineID(name, n), line, err) }()
			return true
		})
	}()
	worst := 0
	for slot := range queue {
		r := <-slot
		worst = worse(worst, r.ExitStatus())
		if err := c.writeReport(e, r); err != nil {
			return worst, err
		}
		// Whoever feeds one line and waits for its report gets it.
		if len(queue) == 0 {
			if err := e.stdout.Flush(); err != nil {
				return worst, err
			}
		}
	}
	if err := errors.Join(readErr, e.ctx.Err()); err != nil {
		return worst, err
	}
	return worst, nil
}

func (c *verifyCmd) writeReport(e *env, r named) error {
	if c.JSON || c.Lines == linesJSON {
		return writeLine(e.stdout, r)
	}
	_, err := fmt.Fprintf(e.stdout, "%v  %s\n", r.ID, brief(r.Report))
	return err
}

// lineID names a line that does not name itself.
func (c *verifyCmd) lineID(file string, n int) any {
	if len(c.Files) > 1 {
		return fmt.Sprintf("%s:%d", file, n)
	}
	return n
}

// line verifies one line.
func (c *verifyCmd) line(ctx context.Context, v *credential.Verifier, id any, line []byte, err error) named {
	out := named{ID: id}
	p := c.policy()
	if err == nil && c.Lines == linesJSON {
		var in jsonLine
		in, err = parseLine(line)
		line = in.input
		if in.id != nil {
			out.ID = in.id
		}
		if in.at != nil {
			p.Time = in.at.Time
		}
	}
	if err != nil {
		out.Report = malformed(err)
		return out
	}
	out.Report = verify(ctx, v, line, p)
	return out
}

// jsonLine is a line of --lines=json. Its id is repeated as it is.
type jsonLine struct {
	id    json.RawMessage
	input []byte
	at    *moment
}

// parseLine reads a line: id is a string or number, input a string or, for a
// W3C credential, the JSON object itself. What it could read it returns also
// with an error, which holds nothing of the line.
func parseLine(line []byte) (jsonLine, error) {
	var out jsonLine
	var in struct {
		ID    json.RawMessage `json:"id"`
		Input json.RawMessage `json:"input"`
		At    *string         `json:"at"`
	}
	if json.Unmarshal(line, &in) != nil {
		return out, errLine
	}
	if len(in.ID) > 0 && len(in.ID) <= maxID && bytes.IndexByte([]byte(`"-0123456789`), in.ID[0]) >= 0 {
		out.id = in.ID
	} else if in.ID != nil {
		return out, fmt.Errorf("%w: id is not a short string or a number", errLine)
	}
	if in.At != nil {
		out.at = &moment{}
		if err := out.at.UnmarshalText([]byte(*in.At)); err != nil {
			return out, fmt.Errorf("%w: at: %w", errLine, err)
		}
	}
	var text string
	switch {
	case len(in.Input) > 0 && in.Input[0] == '{':
		out.input = in.Input
	case len(in.Input) > 0 && in.Input[0] == '"' && json.Unmarshal(in.Input, &text) == nil:
		out.input = trimText([]byte(text))
	default:
		return out, fmt.Errorf("%w: input is not a string or object", errLine)
	}
	return out, nil
}

// eachLine calls f with each line of r that is not empty, with its number from
// 1, until f returns false. Of a line that is too long it keeps nothing and
// calls f with an error.
func eachLine(r io.Reader, f func(n int, line []byte, err error) bool) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for n := 1; ; n++ {
		line, err := nextLine(in)
		done := errors.Is(err, io.EOF)
		if err != nil && !done && !errors.Is(err, errLong) {
			return err
		}
		if done {
			err = nil
		}
		line = trimText(bytes.TrimSuffix(line, []byte("\n"))) // of what is no text, nothing else is taken
		if (err != nil || len(line) > 0) && !f(n, line, err) || done {
			return nil
		}
	}
}

func nextLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case long && (err == nil || errors.Is(err, io.EOF)): // a further read says EOF again
			return nil, errLong
		default:
			return line, err
		}
	}
}
