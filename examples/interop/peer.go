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
	"os/exec"
)

// errRefused says that the peer does not accept what it was given. Any other
// error of a call says that there is no answer.
var errRefused = errors.New("the peer refuses")

// peer is the process of the other libraries.
type peer struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	// failed is the first error that was no refusal: what was counted since, or
	// because of it, is worth nothing.
	failed error
}

func startPeer(ctx context.Context, script string) (*peer, error) {
	cmd := exec.CommandContext(ctx, "node", script)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &peer{cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// call has the peer do something and decodes what it answers into value, which
// may be nil.
func (p *peer) call(op string, args, value any) error {
	err := p.ask(op, args, value)
	if err != nil && !errors.Is(err, errRefused) && p.failed == nil {
		p.failed = err
	}
	return err
}

func (p *peer) ask(op string, args, value any) error {
	request, err := encode(map[string]any{"op": op, "args": args})
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(request, '\n')); err != nil {
		return fmt.Errorf("asking the peer: %w", err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("the peer's answer to %s: %w", op, err)
	}
	var answer struct {
		Value json.RawMessage
		Error *string
		Fault bool // the peer's program is at fault, or was asked for what it does not have
	}
	switch err := json.Unmarshal(line, &answer); {
	case err != nil:
		return fmt.Errorf("the peer's answer to %s: %w", op, err)
	case answer.Error != nil && answer.Fault:
		return fmt.Errorf("%s: the peer's program: %s", op, *answer.Error)
	case answer.Error != nil:
		return fmt.Errorf("%w: %s", errRefused, *answer.Error)
	case value == nil:
		return nil
	}
	return json.Unmarshal(answer.Value, value)
}

func (p *peer) close() error {
	if err := p.in.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}

// encode writes JSON on one line. Raw parts stay as they are, but for white
// space.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
